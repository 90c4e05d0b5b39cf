import { Percentile, type PercentileOptions } from "./percentile.ts";

/** Options of {@link Median}. */
export interface MedianOptions extends PercentileOptions {}

/**
 * Keeps a trial whose best value so far is no worse than the median of the complete trials' values at the same step: Optuna's `MedianPruner`,
 * and its default.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.pruners.MedianPruner.html
 */
export class Median extends Percentile {
  constructor(options: MedianOptions = {}, ...more: never[]) {
    super(50, options, ...more);
  }
}
