import { Percentile, type PercentileOptions } from "./percentile.ts";

/** Options of {@link Median}. */
export interface MedianOptions extends PercentileOptions {}

/**
 * Keeps a trial whose best value so far is no worse than the median of the complete trials' values at the same step: Optuna's `MedianPruner`,
 * and its default.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.pruners.MedianPruner.html
 *
 * @example
 * const study = await createStudy({ pruner: new pruners.Median({ startupTrials: 5 }) });
 * await study.optimize((trial) => train(trial.suggestFloat("lr", 1e-4, 0.1), trial.signal), { trials: 30 });
 */
export class Median extends Percentile {
  constructor(options: MedianOptions = {}, ...more: never[]) {
    super(50, options, ...more);
  }
}
