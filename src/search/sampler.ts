import type { Distribution, Params, ParamValue, SearchSpace } from "./distributions.ts";
import type { Attrs, FrozenTrial, TrialState } from "./frozen-trial.ts";
import type { Direction } from "./operations.ts";

/** A study as its sampler and its pruner see it. What they are given they must not change. */
export interface StudyView {
  /** The study's name in its storage. */
  readonly name: string;
  /** What is wanted of each value of the objective. */
  readonly directions: readonly Direction[];
  /** What samplers and pruners have noted of the study. */
  readonly systemAttrs: Attrs;
  /** The trials in the given states, all of them by default, by number: as of the last `ask`, `shouldPrune` or `sync`. */
  trials(...states: readonly TrialState[]): readonly FrozenTrial[];
  /** Notes something about the study; it can be read once it is stored. */
  setSystemAttr(key: string, value: unknown): void;
  /** Notes something about a trial that runs; it can be read once it is stored. */
  setTrialSystemAttr(trial: FrozenTrial, key: string, value: unknown): void;
  /** Ends the study's run after the trials that are under way. */
  stop(): void;
}

/**
 * Chooses the parameters of trials: Optuna's `BaseSampler`. A sampler of your own is an object with these methods.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/samplers/index.html
 */
export interface Sampler {
  /** Called when a trial starts, before its first parameter. */
  beforeTrial?(study: StudyView, trial: FrozenTrial): void | Promise<void>;
  /** The parameters that {@link sampleRelative} chooses together. */
  relativeSpace(study: StudyView, trial: FrozenTrial): SearchSpace;
  /** Values for parameters of that space; those without one are sampled independently. */
  sampleRelative(study: StudyView, trial: FrozenTrial, space: SearchSpace): Params;
  /** The value of one parameter by itself. */
  sampleIndependent(
    study: StudyView,
    trial: FrozenTrial,
    name: string,
    distribution: Distribution,
  ): ParamValue;
  /** Called when a trial ends, before that is recorded. */
  afterTrial?(
    study: StudyView,
    trial: FrozenTrial,
    state: TrialState,
    values: readonly number[] | null,
  ): void | Promise<void>;
}

/**
 * Says which trials are not worth going on with: Optuna's `BasePruner`. A pruner of your own is an object with this method.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/pruners.html
 */
export interface Pruner {
  /** Whether a trial should end now, judged by the values that it has reported. */
  prune(study: StudyView, trial: FrozenTrial): boolean;
}
