import { checkInteger, checkOptions } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import {
  type Distribution,
  isSingle,
  type Params,
  type ParamValue,
  type SearchSpace,
} from "../distributions.ts";
import type { FrozenTrial } from "../frozen-trial.ts";
import { type KernelParameters, Regression } from "../gp/regression.ts";
import { bestPoint } from "../gp/search.ts";
import { UnitSpace } from "../gp/unit-space.ts";
import { checkSeed, RandomState } from "../numpy-random.ts";
import type { Sampler, StudyView } from "../sampler.ts";
import { intersection } from "../space.ts";
import { drawUniform } from "./random.ts";
import { noteRelativeParams, relativeParams } from "./relative-params.ts";

/** Options of {@link GP}. */
export interface GPOptions {
  /** An integer from 0 to 2^32 - 1; by default another one each time. */
  readonly seed?: number;
  /** Number of complete trials that are drawn uniformly before the process decides. Default 10. */
  readonly startupTrials?: number;
}

const RELATIVE = "gp:relative_params";

/**
 * Bayesian optimization with a Gaussian process, after Optuna's `GPSampler`: Matérn's kernel 5/2 with a length for each parameter, and the
 * logarithm of the expected improvement. Best where a trial is expensive and there are at most some 100 of them: a suggestion after `n` trials
 * costs some n³ operations. Parameters that not every trial has are drawn uniformly. Trials that run count as if they ended as expected.
 *
 * For studies with one direction. The model is Optuna's; the search for its maximum is not, so suggestions differ.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/samplers/generated/optuna.samplers.GPSampler.html
 *
 * @example
 * const study = await createStudy({ sampler: new samplers.GP({ seed: 0 }) });
 * await study.optimize((trial) => trial.suggestFloat("x", -5, 5) ** 2, { trials: 30 });
 */
export class GP implements Sampler {
  readonly #startupTrials: number;
  readonly #random: RandomState;
  /** Where the last fit has ended: the next one begins there. */
  #parameters: KernelParameters | undefined;

  constructor(options: GPOptions = {}, ...more: never[]) {
    const where = "samplers.GP";
    checkOptions(where, options, ["seed", "startupTrials"], more);
    const { seed, startupTrials = 10 } = options;
    checkSeed(where, seed);
    checkInteger(where, "startupTrials", startupTrials);
    this.#startupTrials = startupTrials;
    this.#random = new RandomState(seed);
  }

  relativeSpace(study: StudyView): SearchSpace {
    const { length } = study.directions;
    if (length > 1) {
      throw new OptionError(
        `samplers.GP: a study must have one direction, got ${length}; use samplers.TPE for several`,
      );
    }
    return new Map([...intersection(study.trials("COMPLETE"))].filter(([, range]) => !isSingle(range)));
  }

  sampleRelative(study: StudyView, trial: FrozenTrial, space: SearchSpace): Params {
    const complete = study.trials("COMPLETE");
    if (space.size === 0 || complete.length < this.#startupTrials) return {};
    const unit = new UnitSpace(space);
    const sign = study.directions[0] === "maximize" ? 1 : -1;
    const values = standardized(complete.map(({ value }) => sign * value!));
    const points = complete.map(({ params }) => unit.pointOf(params)!);
    const best = values.indexOf(values.reduce((a, b) => Math.max(a, b)));
    const fitted = Regression.fit({ points, values, isCategorical: unit.isCategorical }, this.#parameters);
    this.#parameters = fitted.parameters;
    const running = study
      .trials("RUNNING")
      .filter(({ number }) => number !== trial.number)
      .flatMap((other) => unit.pointOf(relativeParams(RELATIVE, other)) ?? []);
    const regression = running.length > 0 ? fitted.with(running) : fitted;
    const params = unit.paramsAt(bestPoint(regression, unit, values[best]!, points[best]!, this.#random));
    noteRelativeParams(RELATIVE, study, trial, params);
    return params;
  }

  sampleIndependent(
    _study: StudyView,
    _trial: FrozenTrial,
    _name: string,
    distribution: Distribution,
  ): ParamValue {
    return drawUniform(this.#random, distribution);
  }
}

/** The values with mean 0 and variance 1; an infinite one counts as the largest or the smallest of the others. */
function standardized(values: readonly number[]): Float64Array {
  const finite = values.filter(Number.isFinite);
  const [low, high] = finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : [0, 0];
  // A power of two changes no digit, and the squares of large values no longer overflow.
  const scale = Math.max(-low, high) > 1e150 ? 2 ** -600 : 1;
  const clipped = Float64Array.from(values, (value) => scale * Math.min(Math.max(value, low), high));
  const mean = clipped.reduce((sum, value) => sum + value, 0) / clipped.length;
  const variance = clipped.reduce((sum, value) => sum + (value - mean) ** 2, 0) / clipped.length;
  return clipped.map((value) => (value - mean) / Math.max(Math.sqrt(variance), 1e-10));
}
