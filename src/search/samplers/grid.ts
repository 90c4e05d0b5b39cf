import { checkOptions, isObject, listed, show } from "../../checks.ts";
import { OptionError } from "../../errors.ts";
import {
  type CategoricalChoice,
  type Distribution,
  internalOf,
  type Params,
  type ParamValue,
  type SearchSpace,
} from "../distributions.ts";
import { type FrozenTrial, isFinished, type TrialState } from "../frozen-trial.ts";
import { checkSeed, RandomState } from "../numpy-random.ts";
import type { Sampler, StudyView } from "../sampler.ts";
import { byName } from "../space.ts";
import { FIXED_PARAMS } from "../trial.ts";

/** The values of each parameter of a {@link Grid}. */
export type GridSpace = Readonly<Record<string, readonly CategoricalChoice[]>>;

/** Options of {@link Grid}. */
export interface GridOptions {
  /** Decides the order of the grid's points. Default 0. */
  readonly seed?: number;
}

/**
 * Tries every combination of given values once, and ends the run with the last: Optuna's `GridSampler`. The same seed gives the same order as
 * in Python, and both can share a grid.
 *
 * @example
 * const sampler = new samplers.Grid({ hidden: [16, 32, 64], lr: [1e-3, 1e-2] });
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/samplers/generated/optuna.samplers.GridSampler.html
 */
export class Grid implements Sampler {
  readonly #names: readonly string[];
  readonly #space: Readonly<Record<string, readonly CategoricalChoice[]>>;
  readonly #points: (readonly CategoricalChoice[])[];
  readonly #random: RandomState;

  /** @throws OptionError unless each parameter has a list of values */
  constructor(space: GridSpace, options: GridOptions = {}, ...more: never[]) {
    const where = "samplers.Grid";
    checkOptions(where, options, ["seed"], more);
    checkSeed(where, options.seed);
    if (!isObject(space) || Object.keys(space).length === 0)
      throw new OptionError(
        `${where}: space must be an object such as { lr: [0.01, 0.1] }, got ${show(space)}`,
      );
    const entries = Object.entries(space).sort(byName);
    for (const [name, values] of entries) {
      const isPlain = (value: unknown) =>
        value === null || ["boolean", "number", "string"].includes(typeof value);
      if (!Array.isArray(values) || values.length === 0 || !values.every(isPlain)) {
        throw new OptionError(
          `${where}: ${show(name)} must have a list of numbers, texts, true, false or null, got ${show(values)}`,
        );
      }
    }
    this.#names = entries.map(([name]) => name);
    this.#space = Object.fromEntries(entries.map(([name, values]) => [name, [...values]]));
    this.#points = entries.reduce<(readonly CategoricalChoice[])[]>(
      (points, [, values]) => points.flatMap((point) => values.map((value) => [...point, value])),
      [[]],
    );
    this.#random = new RandomState(options.seed ?? 0);
    this.#random.shuffle(this.#points);
  }

  beforeTrial(study: StudyView, trial: FrozenTrial): void {
    if ("grid_id" in trial.systemAttrs || FIXED_PARAMS in trial.systemAttrs) return;
    let point = trial.number;
    if (point >= this.#points.length) {
      const left = this.#unvisited(study);
      // All are done, which happens where several workers end at the same time: one is tried again.
      const points = left.length > 0 ? left : [...this.#points.keys()];
      point = points[this.#random.integer(points.length - 1)]!;
    }
    study.setTrialSystemAttr(trial, "search_space", this.#space);
    study.setTrialSystemAttr(trial, "grid_id", point);
  }

  relativeSpace(): SearchSpace {
    return new Map();
  }

  sampleRelative(): Params {
    return {};
  }

  sampleIndependent(
    _study: StudyView,
    trial: FrozenTrial,
    name: string,
    distribution: Distribution,
  ): ParamValue {
    const where = "samplers.Grid";
    const point = this.#points[trial.systemAttrs["grid_id"] as number];
    if (!point) {
      throw new OptionError(
        `${where}: a queued trial must have all parameters, ${show(name)} is missing; give it to enqueueTrial`,
      );
    }
    const at = this.#names.indexOf(name);
    if (at < 0) {
      throw new OptionError(
        `${where}: the objective asks for ${show(name)}, which the grid does not have; its parameters are ${listed(this.#names)}`,
      );
    }
    const value = point[at]!;
    if (internalOf(distribution, value) === undefined) {
      throw new OptionError(
        `${where}: the grid's values of ${show(name)} must fit what the objective asks for, got ${show(value)}`,
      );
    }
    return value;
  }

  afterTrial(study: StudyView, trial: FrozenTrial, _state: TrialState): void {
    const left = this.#unvisited(study);
    if (left.length === 0 || (left.length === 1 && trial.systemAttrs["grid_id"] === left[0])) study.stop();
  }

  /** The points that no trial has ended with or is at; or, if there is none, those that no trial has ended with. */
  #unvisited(study: StudyView): number[] {
    const visited = new Set<unknown>();
    const running = new Set<unknown>();
    for (const { state, systemAttrs } of study.trials()) {
      if (!("grid_id" in systemAttrs) || !this.#isOwn(systemAttrs["search_space"])) continue;
      if (isFinished(state)) visited.add(systemAttrs["grid_id"]);
      else if (state === "RUNNING") running.add(systemAttrs["grid_id"]);
    }
    const notEnded = [...this.#points.keys()].filter((point) => !visited.has(point));
    const free = notEnded.filter((point) => !running.has(point));
    return free.length > 0 ? free : notEnded;
  }

  #isOwn(space: unknown): boolean {
    if (!isObject(space) || Object.keys(space).length !== this.#names.length) return false;
    return this.#names.every((name) => {
      const values = Object.hasOwn(space, name) ? space[name] : undefined;
      const own = this.#space[name]!;
      return (
        Array.isArray(values) &&
        values.length === own.length &&
        values.every((value, i) => value === own[i] || Object.is(value, own[i]))
      );
    });
  }
}
