import { checkInteger, checkNumber, checkOptions } from "../../checks.ts";
import type { FrozenTrial } from "../frozen-trial.ts";
import type { Pruner, StudyView } from "../sampler.ts";
import { bestOf, judgedStep, type StepOptions, stepsOf } from "./steps.ts";

/** Options of {@link Percentile}. */
export interface PercentileOptions extends StepOptions {
  /** Number of complete trials before the first is pruned. Default 5. */
  readonly startupTrials?: number;
  /** Number of complete trials that must have reported a step for it to be judged. Default 1. */
  readonly minTrials?: number;
}

/**
 * Keeps a trial whose best value so far is among the best `percentile` percent of the complete trials' values at the same step: Optuna's
 * `PercentilePruner`.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.pruners.PercentilePruner.html
 *
 * @example
 * const study = await createStudy({ pruner: new pruners.Percentile(25, { startupTrials: 5 }) });
 * await study.optimize((trial) => train(trial.suggestFloat("lr", 1e-4, 0.1), trial.signal), { trials: 30 });
 */
export class Percentile implements Pruner {
  readonly #percentile: number;
  readonly #startupTrials: number;
  readonly #minTrials: number;
  readonly #steps: Required<StepOptions>;

  /** @param percentile From 0 to 100 */
  constructor(percentile: number, options: PercentileOptions = {}, ...more: never[]) {
    const where = `pruners.${new.target.name}`;
    checkNumber(where, "percentile", percentile, "a number from 0 to 100", (n) => n >= 0 && n <= 100);
    checkOptions(where, options, ["startupTrials", "warmupSteps", "intervalSteps", "minTrials"], more);
    const { startupTrials = 5, minTrials = 1 } = options;
    checkInteger(where, "startupTrials", startupTrials, 0);
    checkInteger(where, "minTrials", minTrials);
    this.#percentile = percentile;
    this.#startupTrials = startupTrials;
    this.#minTrials = minTrials;
    this.#steps = stepsOf(where, options);
  }

  prune(study: StudyView, trial: FrozenTrial): boolean {
    const complete = study.trials("COMPLETE");
    if (complete.length === 0 || complete.length < this.#startupTrials) return false;
    const step = judgedStep(trial, this.#steps);
    if (step === null) return false;
    const maximize = study.directions[0] === "maximize";
    const best = bestOf(trial.intermediateValues.values(), study.directions[0]!);
    if (Number.isNaN(best)) return true;
    const others = complete.flatMap(({ intermediateValues }) => intermediateValues.get(step) ?? []);
    if (others.length < this.#minTrials) return false;
    const limit = percentileOf(others, maximize ? 100 - this.#percentile : this.#percentile);
    return maximize ? best < limit : best > limit;
  }
}

/**
 * `numpy.nanpercentile`: between the two nearest of the sorted values, in proportion, counted from the nearer one. NaN if all values are, and
 * where one of the two is infinite, as NumPy has it.
 */
function percentileOf(values: readonly number[], percentile: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const at = (percentile / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.min(Math.floor(at) + 1, sorted.length - 1)]!;
  const share = at - Math.floor(at);
  const gap = above - below;
  return share < 0.5 ? below + gap * share : above - gap * (1 - share);
}
