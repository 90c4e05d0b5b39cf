import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { EpochReport } from "./report.ts";

/** Columns of every history, in order; the metrics' columns come between the two. */
const BEFORE = ["epoch", "loss", "validationLoss"] as const;
const AFTER = ["learningRate", "steps", "seconds", "stepsPerSecond"] as const;

/** The epochs of a training run, as columns of numbers. */
export class History {
  readonly #reports: EpochReport[];

  /** @param reports Reports of epochs, as `fit` gives them. */
  constructor(reports: Iterable<EpochReport> = []) {
    this.#reports = [...reports];
  }

  /** Number of epochs. */
  get length(): number {
    return this.#reports.length;
  }

  /** The epochs' reports. */
  get reports(): readonly EpochReport[] {
    return this.#reports;
  }

  /** Names of the columns: the reports' numbers and the metrics. */
  get columns(): readonly string[] {
    const metrics = new Set(this.#reports.flatMap(({ metrics = {} }) => Object.keys(metrics)));
    return [...BEFORE, ...metrics, ...AFTER];
  }

  /**
   * One value an epoch; NaN where an epoch has none, such as the validation loss of an epoch that was not validated.
   * @throws {@link OptionError} for a name that is not among the {@link columns}.
   */
  column(name: string): Float64Array<ArrayBuffer> {
    if (!this.columns.includes(name)) {
      throw new OptionError(
        `History.column: no column ${show(name)}; the columns are ${this.columns.join(", ")}`,
      );
    }
    return Float64Array.from(this.#reports, (report) => cell(report, name) ?? Number.NaN);
  }

  /** A table with a line for the names and one for each epoch; missing values are empty. Lines end with a line feed. */
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
  const { metrics = {} } = report;
  if (own.includes(name)) return (report as unknown as Record<string, number>)[name];
  return Object.hasOwn(metrics, name) ? metrics[name] : undefined;
}

/** A cell of text, in quotes if it holds a comma, a quote or a line break (RFC 4180). */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
