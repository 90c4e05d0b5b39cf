import { checkOptions } from "../../checks.ts";
import type { Distribution, Params, ParamValue, SearchSpace } from "../distributions.ts";
import type { FrozenTrial } from "../frozen-trial.ts";
import { checkSeed, RandomState } from "../numpy-random.ts";
import type { Sampler, StudyView } from "../sampler.ts";
import { intervalOf, valueAt } from "./transform.ts";

/** Options of {@link Random}. */
export interface RandomOptions {
  /** An integer from 0 to 2^32 - 1; by default another one each time. */
  readonly seed?: number;
}

/** A value of a range, uniformly. */
export function drawUniform(random: RandomState, distribution: Distribution): ParamValue {
  if (distribution.type === "categorical") {
    const { choices } = distribution;
    const draws = random.doubles(choices.length);
    return choices[draws.indexOf(Math.max(...draws))]!;
  }
  const [from, to] = intervalOf(distribution);
  return valueAt(distribution, from + (to - from) * random.double());
}

/**
 * Draws each parameter by itself, uniformly: Optuna's `RandomSampler`. The same seed gives the same values as in Python.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/samplers/generated/optuna.samplers.RandomSampler.html
 *
 * @example
 * const study = await createStudy({ sampler: new samplers.Random({ seed: 0 }) });
 * await study.optimize((trial) => trial.suggestFloat("x", -5, 5) ** 2, { trials: 30 });
 */
export class Random implements Sampler {
  readonly #random: RandomState;

  constructor(options: RandomOptions = {}, ...more: never[]) {
    checkOptions("samplers.Random", options, ["seed"], more);
    checkSeed("samplers.Random", options.seed);
    this.#random = new RandomState(options.seed);
  }

  relativeSpace(): SearchSpace {
    return new Map();
  }

  sampleRelative(): Params {
    return {};
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
