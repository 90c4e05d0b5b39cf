import { checkInteger, checkOptions } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import { crc32 } from "../../io/crc32.ts";
import type { FrozenTrial } from "../frozen-trial.ts";
import type { Pruner, StudyView } from "../sampler.ts";
import { SuccessiveHalving } from "./successive-halving.ts";

/** Options of {@link Hyperband}. */
export interface HyperbandOptions {
  /** The first rung's step of the first bracket. Default 1. */
  readonly minResource?: number;
  /** The largest step; "auto": that of the complete trials plus 1, and no pruning before there is one. Default "auto". */
  readonly maxResource?: number | "auto";
  /** As that of successive halving. Default 3. */
  readonly reductionFactor?: number;
  /** As that of successive halving. Default 0. */
  readonly bootstrapCount?: number;
}

/** A share of the trials, with a successive halving of its own. */
interface Bracket {
  readonly pruner: SuccessiveHalving;
  /** The bracket's share. */
  readonly budget: number;
}

/**
 * Successive halving with several first rungs at once: each trial belongs to one bracket, by a checksum of the study's name and its number.
 * Optuna's `HyperbandPruner`.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.pruners.HyperbandPruner.html
 * @see L. Li et al., "Hyperband", 2018
 *
 * @example
 * const study = await createStudy({ pruner: new pruners.Hyperband({ maxResource: 50 }) });
 * await study.optimize((trial) => train(trial.suggestFloat("lr", 1e-4, 0.1), trial.signal), { trials: 30 });
 */
export class Hyperband implements Pruner {
  readonly #minResource: number;
  readonly #maxResource: number | "auto";
  readonly #reductionFactor: number;
  readonly #bootstrapCount: number;
  #brackets: readonly Bracket[] = [];

  constructor(options: HyperbandOptions = {}, ...more: never[]) {
    const where = "pruners.Hyperband";
    checkOptions(where, options, ["minResource", "maxResource", "reductionFactor", "bootstrapCount"], more);
    const { minResource = 1, maxResource = "auto", reductionFactor = 3, bootstrapCount = 0 } = options;
    checkInteger(where, "minResource", minResource);
    if (maxResource !== "auto")
      checkInteger(where, 'maxResource ("auto", or a step)', maxResource, minResource);
    checkInteger(where, "reductionFactor", reductionFactor, 2);
    checkInteger(where, "bootstrapCount", bootstrapCount, 0);
    if (bootstrapCount > 0 && maxResource === "auto")
      throw new OptionError(
        `${where}: bootstrapCount needs a maxResource of its own, got "auto"; give a step`,
      );
    this.#minResource = minResource;
    this.#maxResource = maxResource;
    this.#reductionFactor = reductionFactor;
    this.#bootstrapCount = bootstrapCount;
  }

  prune(study: StudyView, trial: FrozenTrial): boolean {
    if (this.#brackets.length === 0) this.#divide(study);
    if (this.#brackets.length === 0) return false;
    const own = this.#bracketOf(study.name, trial);
    const ofBracket: StudyView = {
      ...study,
      trials: (...states) =>
        study.trials(...states).filter((other) => this.#bracketOf(study.name, other) === own),
    };
    return this.#brackets[own]!.pruner.prune(ofBracket, trial);
  }

  #divide(study: StudyView): void {
    let most = this.#maxResource;
    if (most === "auto") {
      let last = -1;
      for (const { lastStep } of study.trials("COMPLETE")) last = Math.max(last, lastStep ?? -1);
      if (last < 0) return;
      most = last + 1;
    }
    const minResource = this.#minResource;
    const reductionFactor = this.#reductionFactor;
    const bootstrapCount = this.#bootstrapCount;
    // As Python's math.log(x, base): a quotient of logarithms.
    const count = Math.floor(Math.log(most / minResource) / Math.log(reductionFactor)) + 1;
    this.#brackets = Array.from({ length: Math.max(count, 0) }, (_, i) => {
      const s = count - 1 - i;
      return {
        budget: Math.ceil((count * reductionFactor ** s) / (s + 1)),
        pruner: new SuccessiveHalving({
          minResource,
          reductionFactor,
          minEarlyStoppingRate: i,
          bootstrapCount,
        }),
      };
    });
  }

  #bracketOf(study: string, { number }: FrozenTrial): number {
    const total = this.#brackets.reduce((sum, { budget }) => sum + budget, 0);
    let at = crc32(new TextEncoder().encode(`${study}_${number}`)) % total;
    return this.#brackets.findIndex(({ budget }) => {
      at -= budget;
      return at < 0;
    });
  }
}
