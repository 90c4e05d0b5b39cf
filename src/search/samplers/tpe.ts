import { checkBoolean, checkInteger, checkOptions, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import {
  type Distribution,
  externalOf,
  internalOf,
  isSingle,
  type Params,
  type ParamValue,
  type SearchSpace,
} from "../distributions.ts";
import { bare, type FrozenTrial } from "../frozen-trial.ts";
import { checkSeed, RandomState } from "../numpy-random.ts";
import type { Sampler, StudyView } from "../sampler.ts";
import { groups, intersection } from "../space.ts";
import { type Columns, ParzenEstimator } from "../tpe/parzen.ts";
import { splitTrials } from "../tpe/split.ts";
import { drawUniform } from "./random.ts";
import { noteRelativeParams, relativeParams } from "./relative-params.ts";

/** Options of {@link TPE}. Names and defaults are those of Optuna 5. */
export interface TPEOptions {
  /** An integer from 0 to 2^32 - 1; by default another one each time. */
  readonly seed?: number;
  /** Number of trials that are drawn uniformly before the estimators decide. Default 10. */
  readonly startupTrials?: number;
  /** Number of samples from the better trials' estimator, of which the best is taken. Default 24. */
  readonly candidates?: number;
  /** Whether parameters are sampled together. Default true for a study with one direction, and with `group`. */
  readonly multivariate?: boolean;
  /** Whether parameters that occur together are sampled together, for spaces with conditions. Default false. */
  readonly group?: boolean;
  /** Whether trials that run count among the worse ones, so that parallel trials keep a distance. Default true. */
  readonly constantLiar?: boolean;
  /** How many of `n` trials are the better ones. Default ⌈n / 10⌉, with one direction at most 25. */
  readonly gamma?: (n: number) => number;
  /** Weights of `n` trials in an estimator, oldest first. Default: the last 25 weigh 1, earlier ones from 1 / n upwards. */
  readonly weights?: (n: number) => readonly number[];
}

/** The name of the noted parameters. */
const RELATIVE = "tpe:relative_params";

function defaultWeights(n: number): readonly number[] {
  const ramp = Math.max(n - 25, 0);
  return Array.from({ length: n }, (_, i) => {
    if (i >= ramp) return 1;
    return ramp === 1 ? 1 / n : 1 / n + (i * (1 - 1 / n)) / (ramp - 1);
  });
}

/**
 * The tree-structured Parzen estimator: Optuna's `TPESampler`, and its default. It models where good trials are and where others are, and
 * tries where the ratio is best. The same seed and history give the same suggestion, here and in Python.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/samplers/generated/optuna.samplers.TPESampler.html
 *
 * @example
 * const study = await createStudy({ sampler: new samplers.TPE({ seed: 0 }) });
 * await study.optimize((trial) => trial.suggestFloat("x", -5, 5) ** 2, { trials: 30 });
 */
export class TPE implements Sampler {
  readonly #startupTrials: number;
  readonly #candidates: number;
  readonly #multivariate: boolean | undefined;
  readonly #group: boolean;
  readonly #constantLiar: boolean;
  readonly #gamma: ((n: number) => number) | undefined;
  readonly #weights: (n: number) => readonly number[];
  readonly #random: RandomState;
  /** Optuna's startup trials have a generator of their own, with the same seed. */
  readonly #startup: RandomState;

  constructor(options: TPEOptions = {}, ...more: never[]) {
    const where = "samplers.TPE";
    const known = [
      "seed",
      "startupTrials",
      "candidates",
      "multivariate",
      "group",
      "constantLiar",
      "gamma",
      "weights",
    ];
    checkOptions(where, options, known, more);
    const { seed, startupTrials = 10, candidates = 24, multivariate, group = false } = options;
    const { constantLiar = true, gamma, weights = defaultWeights } = options;
    checkSeed(where, seed);
    checkInteger(where, "startupTrials", startupTrials, 0);
    checkInteger(where, "candidates", candidates);
    if (multivariate !== undefined) checkBoolean(where, "multivariate", multivariate);
    checkBoolean(where, "group", group);
    checkBoolean(where, "constantLiar", constantLiar);
    for (const [name, value] of Object.entries({ gamma, weights })) {
      if (value !== undefined && typeof value !== "function")
        throw new OptionError(
          `${where}: ${name} must be a function of a number of trials, got ${show(value)}`,
        );
    }
    if (group && multivariate === false)
      throw new OptionError(`${where}: group needs multivariate, got multivariate: false; leave it out`);
    this.#startupTrials = startupTrials;
    this.#candidates = candidates;
    this.#multivariate = multivariate;
    this.#group = group;
    this.#constantLiar = constantLiar;
    this.#gamma = gamma;
    this.#weights = weights;
    this.#random = new RandomState(seed);
    this.#startup = seed === undefined ? new RandomState() : new RandomState(seed);
  }

  relativeSpace(study: StudyView): SearchSpace {
    if (!this.#isMultivariate(study)) return new Map();
    const ended = study.trials("COMPLETE", "PRUNED");
    const spaces = this.#group ? groups(ended) : [intersection(ended)];
    return new Map(spaces.flatMap((space) => [...space]).filter(([, range]) => !isSingle(range)));
  }

  sampleRelative(study: StudyView, trial: FrozenTrial, space: SearchSpace): Params {
    const ended = study.trials("COMPLETE", "PRUNED");
    if (space.size === 0 || ended.length < this.#startupTrials) return {};
    const parts = this.#group
      ? groups(ended).map((group) => new Map([...group].filter(([name]) => space.has(name))))
      : [space];
    const params = bare<ParamValue>();
    for (const part of parts) if (part.size > 0) Object.assign(params, this.#sample(study, trial, part));
    if (this.#constantLiar) noteRelativeParams(RELATIVE, study, trial, params);
    return params;
  }

  sampleIndependent(
    study: StudyView,
    trial: FrozenTrial,
    name: string,
    distribution: Distribution,
  ): ParamValue {
    if (study.trials("COMPLETE", "PRUNED").length < this.#startupTrials)
      return drawUniform(this.#startup, distribution);
    return this.#sample(study, trial, new Map([[name, distribution]]))[name]!;
  }

  /** The estimators of the better trials and of the others, for parameters of a trial that is not among them. @internal */
  estimators(study: StudyView, trial: FrozenTrial, space: SearchSpace) {
    const states = ["COMPLETE", "PRUNED", ...(this.#constantLiar ? (["RUNNING"] as const) : [])] as const;
    const others = study.trials(...states).filter(({ number }) => number !== trial.number);
    const ended = others.filter(({ state }) => state !== "RUNNING").length;
    const isSingleDirection = study.directions.length === 1;
    const gamma = this.#gamma ?? ((n) => Math.min(Math.ceil(0.1 * n), isSingleDirection ? 25 : n));
    const { below, above } = splitTrials(others, study.directions, gamma(ended));
    return {
      below: this.#estimator(study, below, space, isSingleDirection ? this.#weights : ones),
      above: this.#estimator(study, above, space, this.#weights),
    };
  }

  #isMultivariate({ directions }: StudyView): boolean {
    return this.#multivariate ?? (this.#group || directions.length === 1);
  }

  #sample(study: StudyView, trial: FrozenTrial, space: SearchSpace): Params {
    const { below, above } = this.estimators(study, trial, space);
    const samples = below.sample(this.#random, this.#candidates);
    const others = above.logDensity(samples);
    const ratios = below.logDensity(samples).map((density, i) => density - others[i]!);
    let best = 0;
    for (const [i, ratio] of ratios.entries()) if (ratio > ratios[best]!) best = i;
    return bare(
      Object.fromEntries(
        [...space].map(([name, range]) => [name, externalOf(range, samples.get(name)![best]!)]),
      ),
    );
  }

  #estimator(
    study: StudyView,
    trials: readonly FrozenTrial[],
    space: SearchSpace,
    weights: (n: number) => readonly number[],
  ): ParzenEstimator {
    const observed: Columns = this.#observations(study, trials, space);
    const count = observed.values().next().value!.length;
    return new ParzenEstimator(observed, space, checkedWeights(weights, count));
  }

  /** The parameters of the trials that have all of the space's. */
  #observations(study: StudyView, trials: readonly FrozenTrial[], space: SearchSpace): Columns {
    const rows = trials.flatMap((trial) => {
      const params = this.#isMultivariate(study) ? relativeParams(RELATIVE, trial) : trial.params;
      const row = [...space].map(([name, range]) =>
        Object.hasOwn(params, name) ? internalOf(range, params[name]) : undefined,
      );
      return row.includes(undefined) ? [] : [row as number[]];
    });
    return new Map([...space.keys()].map((name, i) => [name, Float64Array.from(rows, (row) => row[i]!)]));
  }
}

const ones = (n: number) => Array.from({ length: n }, () => 1);

/** @throws OptionError unless the function gives a weight for each trial, none below 0 and not all 0 */
function checkedWeights(weights: (n: number) => readonly number[], n: number): readonly number[] {
  const given: unknown = weights(n);
  const list = Array.isArray(given) ? (given as unknown[]).slice(0, n) : [];
  const isWeight = (weight: unknown) => Number.isFinite(weight) && (weight as number) >= 0;
  if (list.length !== n || !list.every(isWeight) || (n > 0 && list.every((weight) => weight === 0))) {
    throw new OptionError(
      `samplers.TPE: weights must give ${n} numbers of at least 0, not all 0, for ${n} trials, got ${show(given)}`,
    );
  }
  return list as number[];
}
