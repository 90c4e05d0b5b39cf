import { checkInteger, checkOptions } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import type { FrozenTrial } from "../frozen-trial.ts";
import type { Direction } from "../operations.ts";
import type { Pruner, StudyView } from "../sampler.ts";

/** Options of {@link SuccessiveHalving}. */
export interface SuccessiveHalvingOptions {
  /** The first rung's step; "auto": a hundredth of the longest complete trial's steps, and no pruning before there is one. Default "auto". */
  readonly minResource?: number | "auto";
  /** One of how many trials goes on at a rung, and the factor between the rungs' steps. Default 4. */
  readonly reductionFactor?: number;
  /** Number of rungs at the start that are left out. Default 0. */
  readonly minEarlyStoppingRate?: number;
  /** Number of trials that must reach a rung before one goes on. Default 0; not with "auto". */
  readonly bootstrapCount?: number;
}

const rungKey = (rung: number) => `completed_rung_${rung}`;

/**
 * At each rung, a step that grows by a factor, only the best of the trials that have reached it go on: asynchronous successive halving
 * (ASHA), Optuna's `SuccessiveHalvingPruner`.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.pruners.SuccessiveHalvingPruner.html
 * @see L. Li et al., "A System for Massively Parallel Hyperparameter Tuning", 2020
 *
 * @example
 * const study = await createStudy({ pruner: new pruners.SuccessiveHalving({ minResource: 5 }) });
 * await study.optimize((trial) => train(trial.suggestFloat("lr", 1e-4, 0.1), trial.signal), { trials: 30 });
 */
export class SuccessiveHalving implements Pruner {
  #minResource: number | null;
  readonly #reductionFactor: number;
  readonly #minEarlyStoppingRate: number;
  readonly #bootstrapCount: number;

  constructor(options: SuccessiveHalvingOptions = {}, ...more: never[]) {
    const where = "pruners.SuccessiveHalving";
    const known = ["minResource", "reductionFactor", "minEarlyStoppingRate", "bootstrapCount"];
    checkOptions(where, options, known, more);
    const {
      minResource = "auto",
      reductionFactor = 4,
      minEarlyStoppingRate = 0,
      bootstrapCount = 0,
    } = options;
    if (minResource !== "auto") checkInteger(where, 'minResource ("auto", or a step)', minResource);
    checkInteger(where, "reductionFactor", reductionFactor, 2);
    checkInteger(where, "minEarlyStoppingRate", minEarlyStoppingRate, 0);
    checkInteger(where, "bootstrapCount", bootstrapCount, 0);
    if (bootstrapCount > 0 && minResource === "auto")
      throw new OptionError(
        `${where}: bootstrapCount needs a minResource of its own, got "auto"; give a step`,
      );
    this.#minResource = minResource === "auto" ? null : minResource;
    this.#reductionFactor = reductionFactor;
    this.#minEarlyStoppingRate = minEarlyStoppingRate;
    this.#bootstrapCount = bootstrapCount;
  }

  prune(study: StudyView, trial: FrozenTrial): boolean {
    const { lastStep: step } = trial;
    if (step === null) return false;
    const value = trial.intermediateValues.get(step)!;
    const trials = study.trials();
    let rung = 0;
    while (rungKey(rung) in trial.systemAttrs) rung++;
    for (; ; rung++) {
      this.#minResource ??= estimateResource(trials);
      if (this.#minResource === null) return false;
      if (step < this.#minResource * this.#reductionFactor ** (this.#minEarlyStoppingRate + rung))
        return false;
      if (Number.isNaN(value)) return true;
      const key = rungKey(rung);
      const competing = trials.flatMap(({ systemAttrs }) => (systemAttrs[key] as number | undefined) ?? []);
      competing.push(value);
      study.setTrialSystemAttr(trial, key, value);
      if (competing.length <= this.#bootstrapCount) return true;
      if (!isPromoted(value, competing, this.#reductionFactor, study.directions[0]!)) return true;
    }
  }
}

function estimateResource(trials: readonly FrozenTrial[]): number | null {
  let longest: number | null = null;
  for (const { state, lastStep } of trials)
    if (state === "COMPLETE" && lastStep !== null) longest = Math.max(longest ?? 0, lastStep);
  return longest === null ? null : Math.max(Math.floor(longest / 100), 1);
}

/** Whether a value is among the best at its rung: one of every `factor`, at least one. */
function isPromoted(value: number, competing: number[], factor: number, direction: Direction): boolean {
  const last = Math.max(Math.floor(competing.length / factor) - 1, 0);
  competing.sort((a, b) => (direction === "maximize" ? b - a : a - b));
  return direction === "maximize" ? value >= competing[last]! : value <= competing[last]!;
}
