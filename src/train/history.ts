import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { EpochReport } from "./report.ts";

/** Columns of every history, in order; those of the metrics follow `validationLoss`. */
const BEFORE = ["epoch", "loss", "validationLoss"] as const;
const AFTER = ["learningRate", "steps", "seconds", "stepsPerSecond"] as const;

/** The epochs of a training run, as columns of numbers. */
export class History {
  readonly #reports: EpochReport[];

  /** @param reports Reports of epochs, as `fit` gives them. */
  constructor(reports: Iterable<EpochReport> = []) {
    this.#reports = [...reports];
  }

  /** Epochs. */
  get length(): number {
    return this.#reports.length;
  }

  /** The reports themselves. */
  get reports(): readonly EpochReport[] {
    return this.#reports;
  }

  /** Names of the columns: those of the reports' numbers, and of the metrics. */
  get columns(): readonly string[] {
    const metrics = new Set(this.#reports.flatMap(({ metrics = {} }) => Object.keys(metrics)));
    return [...BEFORE, ...metrics, ...AFTER];
  }

  /**
   * One value an epoch; NaN where an epoch has none, such as a validation loss where it was not validated.
   * @throws {@link OptionError} for a name that is no column's.
   */
  column(name: string): Float64Array<ArrayBuffer> {
    if (!this.columns.includes(name)) {
      throw new OptionError(
        `History.column: no column ${show(name)}; the columns are ${this.columns.join(", ")}`,
      );
    }
    return Float64Array.from(this.#reports, (report) => cell(report, name) ?? Number.NaN);
  }

  /** A table with a line for the names and one for each epoch; what an epoch has not got is empty. Lines end with a line feed. */
  toCSV(): string {
    const { columns } = this;
    const lines = this.#reports.map((report) => columns.map((name) => cell(report, name) ?? ""));
    return [columns.map(quoted), ...lines].map((cells) => `${cells.join(",")}\n`).join("");
  }

  /** Adds an epoch. @internal */
  add(report: EpochReport): void {
    this.#reports.push(report);
  }
}

function cell(report: EpochReport, name: string): number | undefined {
  const own = [...BEFORE, ...AFTER] as readonly string[];
  return own.includes(name) ? (report as unknown as Record<string, number>)[name] : report.metrics?.[name];
}

/** A cell of text, in quotes where a comma or a quote in it would end it (RFC 4180). */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
