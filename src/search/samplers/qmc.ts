import { checkBoolean, checkOptions } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import {
  type Distribution,
  externalOf,
  type Params,
  type ParamValue,
  type SearchSpace,
} from "../distributions.ts";
import { bare, type FrozenTrial } from "../frozen-trial.ts";
import { checkSeed, RandomState } from "../numpy-random.ts";
import { toPythonJson } from "../python.ts";
import { distributionRepr } from "../python-repr.ts";
import type { Sampler, StudyView } from "../sampler.ts";
import { byName } from "../space.ts";
import { drawUniform } from "./random.ts";
import { MOST_DIMENSIONS, Sobol } from "./sobol.ts";
import { intervalOf, valueAt } from "./transform.ts";

/** Options of {@link QMC}. */
export interface QMCOptions {
  /** An integer from 0 to 2^32 - 1, for the first trial and for the scramble; by default another one each time. */
  readonly seed?: number;
  /** Whether the sequence is scrambled, at random. Workers of one study must then have the same seed. Default false. */
  readonly scramble?: boolean;
}

/** What a trial takes from the sequence. */
interface Place {
  readonly space: SearchSpace;
  readonly index: number;
}

/**
 * Takes the points of Sobol's sequence, one after the other: Optuna's `QMCSampler`. All workers of a study share one sequence, Python's too. The
 * first trial, whose parameters are not known before, is drawn at random. Points are Optuna's; with `scramble` they are others.
 *
 * For spaces without conditions, of at most 64 parameters.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/samplers/generated/optuna.samplers.QMCSampler.html
 *
 * @example
 * const study = await createStudy({ sampler: new samplers.QMC({ seed: 0 }) });
 * await study.optimize((trial) => trial.suggestFloat("x", -5, 5) ** 2, { trials: 30 });
 */
export class QMC implements Sampler {
  readonly #seed: number;
  readonly #scramble: boolean;
  readonly #random: RandomState;
  readonly #places = new Map<number, Place>();
  /** The last index taken of each sequence, which may not be stored yet. */
  readonly #taken = new Map<string, number>();

  constructor(options: QMCOptions = {}, ...more: never[]) {
    const where = "samplers.QMC";
    checkOptions(where, options, ["seed", "scramble"], more);
    const { seed = Math.floor(Math.random() * 2 ** 32), scramble = false } = options;
    checkSeed(where, seed);
    checkBoolean(where, "scramble", scramble);
    this.#seed = seed;
    this.#scramble = scramble;
    this.#random = new RandomState(seed);
  }

  async beforeTrial(study: StudyView, trial: FrozenTrial): Promise<void> {
    const space = spaceOf(study);
    if (space.size === 0) return;
    if (space.size > MOST_DIMENSIONS) {
      throw new OptionError(
        `samplers.QMC: a study must have at most ${MOST_DIMENSIONS} parameters, got ${space.size}; use samplers.TPE or samplers.Random`,
      );
    }
    const key = await this.#keyOf(space);
    const stored = study.systemAttrs[key];
    const index = Math.max(typeof stored === "number" ? stored : -1, this.#taken.get(key) ?? -1) + 1;
    this.#taken.set(key, index);
    study.setSystemAttr(key, index);
    this.#places.set(trial.id, { space, index });
  }

  relativeSpace(_study: StudyView, trial: FrozenTrial): SearchSpace {
    return this.#places.get(trial.id)?.space ?? new Map();
  }

  sampleRelative(_study: StudyView, trial: FrozenTrial, space: SearchSpace): Params {
    const place = this.#places.get(trial.id);
    if (!place) return {};
    this.#places.delete(trial.id);
    const random = this.#scramble ? new RandomState(this.#seed) : undefined;
    const point = new Sobol(space.size, random).point(place.index);
    return bare(
      Object.fromEntries([...space].map(([name, range], i) => [name, pointValue(range, point[i]!)])),
    );
  }

  sampleIndependent(
    _study: StudyView,
    _trial: FrozenTrial,
    _name: string,
    distribution: Distribution,
  ): ParamValue {
    return drawUniform(this.#random, distribution);
  }

  /** The attribute of the study that counts the points of a sequence; Optuna's. */
  async #keyOf(space: SearchSpace): Promise<string> {
    const ranges = [...space].sort(byName).map(([name, range]) => [name, distributionRepr(range)]);
    const sequence = {
      qmc_type: "sobol",
      search_space: Object.fromEntries(ranges),
      scramble: this.#scramble,
      seed: this.#scramble ? this.#seed : undefined,
    };
    const text = new TextEncoder().encode(toPythonJson(sequence, true));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
    return `qmc:${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
}

/** The parameters of the first trial that has ended; before there is one, of those that run. */
function spaceOf(study: StudyView): SearchSpace {
  const [first] = study.trials("COMPLETE", "PRUNED");
  if (first) return new Map(first.distributions);
  return new Map(study.trials("RUNNING").flatMap(({ distributions }) => [...distributions]));
}

function pointValue(range: Distribution, at: number): ParamValue {
  if (range.type === "categorical") return externalOf(range, Math.floor(at * range.choices.length));
  const [from, to] = intervalOf(range);
  return valueAt(range, from + at * (to - from));
}
