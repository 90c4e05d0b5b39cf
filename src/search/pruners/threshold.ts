import { checkNumber, checkOptions } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import type { FrozenTrial } from "../frozen-trial.ts";
import type { Pruner, StudyView } from "../sampler.ts";
import { judgedStep, type StepOptions, stepsOf } from "./steps.ts";

/** Options of {@link Threshold}: at least one bound. */
export interface ThresholdOptions extends StepOptions {
  /** A value below this ends the trial. */
  readonly lower?: number;
  /** A value above this ends the trial. */
  readonly upper?: number;
}

/**
 * Prunes a trial whose value is outside of bounds or NaN: Optuna's `ThresholdPruner`.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.pruners.ThresholdPruner.html
 *
 * @example
 * const study = await createStudy({ pruner: new pruners.Threshold({ upper: 10 }) });
 * await study.optimize((trial) => train(trial.suggestFloat("lr", 1e-4, 0.1), trial.signal), { trials: 30 });
 */
export class Threshold implements Pruner {
  readonly #lower: number;
  readonly #upper: number;
  readonly #steps: Required<StepOptions>;

  constructor(options: ThresholdOptions, ...more: never[]) {
    const where = "pruners.Threshold";
    checkOptions(where, options, ["lower", "upper", "warmupSteps", "intervalSteps"], more);
    const { lower, upper } = options;
    if (lower === undefined && upper === undefined)
      throw new OptionError(`${where}: lower or upper must be given, got neither`);
    if (lower !== undefined) checkNumber(where, "lower", lower, "a finite number", () => true);
    if (upper !== undefined)
      checkNumber(where, "upper", upper, "a finite number of at least lower", (n) => n >= (lower ?? n));
    this.#lower = lower ?? Number.NEGATIVE_INFINITY;
    this.#upper = upper ?? Number.POSITIVE_INFINITY;
    this.#steps = stepsOf(where, options);
  }

  prune(_study: StudyView, trial: FrozenTrial): boolean {
    const step = judgedStep(trial, this.#steps);
    if (step === null) return false;
    const value = trial.intermediateValues.get(step)!;
    return !(value >= this.#lower && value <= this.#upper);
  }
}
