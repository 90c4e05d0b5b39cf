import { checkNumber, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { FitRun } from "./callbacks.ts";
import { type EpochReport, monitored } from "./report.ts";

/** Metrics whose larger values are better, unless `mode` says otherwise. */
const LARGER_IS_BETTER = ["accuracy"];

/** Options of callbacks that watch a reported number. */
export interface MonitorOptions {
  /**
   * The number of an epoch's report to watch: "loss", "validationLoss" or a metric's name. Default "validationLoss" with validation,
   * else "loss".
   */
  readonly monitor?: string;
  /** Whether a smaller or a larger value is better. Default "max" for "accuracy", else "min". */
  readonly mode?: "min" | "max";
  /** An improvement is a change by more than this. Default 0. */
  readonly minDelta?: number;
}

/** Keeps the best value of a reported number. */
export class Monitor {
  /** The best value so far; an infinity before there is one. */
  best: number;
  readonly #where: string;
  readonly #name: string | undefined;
  readonly #mode: "min" | "max" | undefined;
  readonly #minDelta: number;
  #resolved = "loss";

  constructor(where: string, { monitor, mode, minDelta = 0 }: MonitorOptions) {
    if (monitor !== undefined && typeof monitor !== "string") {
      throw new OptionError(
        `${where}: monitor must be a name such as "validationLoss", got ${show(monitor)}`,
      );
    }
    if (mode !== undefined && mode !== "min" && mode !== "max") {
      throw new OptionError(`${where}: mode must be "min" or "max", got ${show(mode)}`);
    }
    checkNumber(where, "minDelta", minDelta, "a finite number of at least 0", (n) => n >= 0);
    this.#where = where;
    this.#name = monitor;
    this.#mode = mode;
    this.#minDelta = minDelta;
    this.best = this.#worst;
  }

  get #worst(): number {
    return this.#larger ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  get #larger(): boolean {
    return (this.#mode ?? (LARGER_IS_BETTER.includes(this.#name ?? "") ? "max" : "min")) === "max";
  }

  /** Forgets the best value. */
  reset(): void {
    this.best = this.#worst;
  }

  /** Throws an OptionError unless the run reports the number. */
  begin({ monitors }: FitRun): void {
    const name = this.#name ?? (monitors.includes("validationLoss") ? "validationLoss" : "loss");
    if (!monitors.includes(name)) {
      throw new OptionError(
        `${this.#where}: monitor must be one of what this run reports, ${monitors.join(", ")}, got ${show(name)}; give fit ` +
          "validation, or the trainer the metric",
      );
    }
    this.#resolved = name;
  }

  /** The epoch's value; `undefined` if it does not report the number. */
  valueOf(report: EpochReport): number | undefined {
    return monitored(report, this.#resolved);
  }

  /** Records a value and returns whether it is the best so far. NaN never is. */
  improves(value: number): boolean {
    const better = this.#larger ? value > this.best + this.#minDelta : value < this.best - this.#minDelta;
    if (better) this.best = value;
    return better;
  }
}
