import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";

/** How a step combines the gradients of several runs into one update. */
export interface AccumulateOptions {
  /** Runs per update: an integer of at least 1. */
  readonly runs: number;
  /**
   * "mean" averages the runs' gradients, weighted by each run's `weight`; it suits a loss that is itself a mean. "sum" adds them
   * up. Default "mean".
   */
  readonly reduction?: "mean" | "sum";
}

/** Options of one run of a step that accumulates gradients. */
export interface RunOptions {
  /** Weight of the run in the mean, such as its number of samples. A number above 0, default 1. */
  readonly weight?: number;
  /** Whether to update after this run. By default the last of every `runs` runs updates. */
  readonly update?: boolean;
}

/** Throws an OptionError for wrong options of accumulation. */
export function checkAccumulate(where: string, options: AccumulateOptions): void {
  checkOptions(`${where}: accumulate`, options, ["runs", "reduction"]);
  checkInteger(`${where}: accumulate`, "runs", options.runs);
  const { reduction = "mean" } = options;
  if (reduction !== "mean" && reduction !== "sum") {
    throw new OptionError(`${where}: accumulate: reduction must be "mean" or "sum", got ${show(reduction)}`);
  }
}

/** Throws an OptionError for wrong options of a run. */
export function checkRunOptions(where: string, accumulates: boolean, options: RunOptions): void {
  checkOptions(where, options, ["weight", "update"]);
  const { weight, update } = options;
  if (!accumulates && (weight !== undefined || update !== undefined)) {
    throw new OptionError(
      `${where}: weight and update are for a step that adds up gradients; compile it with accumulate: { runs }`,
    );
  }
  if (weight !== undefined) checkNumber(where, "weight", weight, "a number above 0", (n) => n > 0);
  if (update !== undefined) checkBoolean(where, "update", update);
}
