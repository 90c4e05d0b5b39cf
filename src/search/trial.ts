import { checkInteger, checkNoMore, checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { checkAttr } from "./attrs.ts";
import {
  type CategoricalChoice,
  categoricalDistribution,
  contains,
  type Distribution,
  distributionJson,
  externalOf,
  floatDistribution,
  incompatibility,
  intDistribution,
  internalOf,
  isSingle,
  type Params,
  type ParamValue,
  type SearchSpace,
  sameDistribution,
  singleValue,
} from "./distributions.ts";
import { StudyError } from "./errors.ts";
import { type Attrs, bare, isFinished, type TrialRecord } from "./frozen-trial.ts";
import { intermediateValueOp, type Operation, paramOp, trialAttrOp } from "./operations.ts";
import { incompatible, type Outcome, type StudyRecord } from "./replay.ts";
import type { Pruner, Sampler, StudyView } from "./sampler.ts";

/** Options of {@link Trial.suggestFloat} and {@link Trial.suggestInt}. */
export interface SuggestOptions {
  /** Whether the logarithm is uniform; not together with `step`. Default false. */
  readonly log?: boolean;
  /** Distance of the values from each other; it must divide the range. Default 1 for integers, any number for others. */
  readonly step?: number;
}

/** What a trial needs of its study. */
export interface TrialHost {
  readonly record: StudyRecord;
  readonly view: StudyView;
  readonly sampler: Sampler;
  readonly pruner: Pruner;
  write(operation: Operation): Promise<Outcome>;
  sync(): Promise<void>;
}

/** The system attribute with the parameters of a trial that was queued. */
export const FIXED_PARAMS = "fixed_params";

/**
 * One run of an objective: it asks for parameters, reports how it goes, and ends with a value. Optuna's `Trial`.
 *
 * Parameters and reports are stored in the background; `await trial.shouldPrune()` and the end of the trial wait for that.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.trial.Trial.html
 */
export class Trial {
  /** Aborted when the study's run is: hand it to `trainer.fit`. */
  readonly signal: AbortSignal;
  readonly #host: TrialHost;
  readonly #record: TrialRecord;
  readonly #params: Record<string, ParamValue>;
  readonly #distributions: Map<string, Distribution>;
  readonly #steps: Set<number>;
  readonly #userAttrs: Record<string, unknown>;
  #relative: { readonly space: SearchSpace; readonly params: Params } | null = null;
  #writes: Promise<Outcome>[] = [];

  /** @internal */
  constructor(host: TrialHost, record: TrialRecord, signal: AbortSignal) {
    this.#host = host;
    this.#record = record;
    this.signal = signal;
    // A trial that is tried again has its parameters from the start.
    this.#params = bare(record.params);
    this.#distributions = new Map(record.distributions);
    this.#steps = new Set(record.intermediateValues.keys());
    this.#userAttrs = bare(record.userAttrs);
  }

  /** Its number in the study, from 0. */
  get number(): number {
    return this.#record.number;
  }

  /** The parameters so far. */
  get params(): Params {
    return { ...this.#params };
  }

  /** The range of each parameter so far. */
  get distributions(): SearchSpace {
    return new Map(this.#distributions);
  }

  /** What users have noted with it. */
  get userAttrs(): Attrs {
    return structuredClone({ ...this.#userAttrs });
  }

  /** When it began. */
  get datetimeStart(): Date | null {
    return this.#record.datetimeStart && new Date(this.#record.datetimeStart);
  }

  /**
   * A real number from `low` to `high`, both included.
   * @throws OptionError for a range that is none, and for a name that the trial has with another range
   */
  suggestFloat(
    name: string,
    low: number,
    high: number,
    options: SuggestOptions = {},
    ...more: never[]
  ): number {
    const where = this.#where("suggestFloat", name);
    checkOptions(where, options, ["log", "step"], more);
    return this.#suggest(where, name, floatDistribution(where, low, high, options)) as number;
  }

  /** An integer from `low` to `high`, both included. Throws as {@link suggestFloat}. */
  suggestInt(
    name: string,
    low: number,
    high: number,
    options: SuggestOptions = {},
    ...more: never[]
  ): number {
    const where = this.#where("suggestInt", name);
    checkOptions(where, options, ["log", "step"], more);
    return this.#suggest(where, name, intDistribution(where, low, high, options)) as number;
  }

  /** One of the choices: numbers, texts, true, false or null. Throws as {@link suggestFloat}. */
  suggestCategorical<const T extends CategoricalChoice>(
    name: string,
    choices: readonly T[],
    ...more: never[]
  ): T {
    const where = this.#where("suggestCategorical", name);
    checkNoMore(where, more);
    return this.#suggest(where, name, categoricalDistribution(where, choices)) as T;
  }

  /**
   * Reports a value of the objective on the way, which pruners look at. A second value for a step is ignored, as in Optuna.
   * @param value May be NaN or infinite
   * @param step An integer of at least 0, such as the epoch
   */
  report(value: number, step: number, ...more: never[]): void {
    const where = "Trial.report";
    checkNoMore(where, more);
    this.#checkOneDirection(where);
    if (typeof value !== "number")
      throw new OptionError(`${where}: value must be a number, got ${show(value)}`);
    checkInteger(where, "step", step, 0);
    if (this.#steps.has(step)) return;
    this.#steps.add(step);
    this.#write(intermediateValueOp(this.#record.id, step, value));
  }

  /**
   * Whether the study's pruner would end this trial now: then throw a {@link TrialPruned}. Waits for what other workers have stored.
   *
   * @example
   * trial.report(loss, epoch);
   * if (await trial.shouldPrune()) throw new TrialPruned();
   */
  async shouldPrune(): Promise<boolean> {
    this.#checkOneDirection("Trial.shouldPrune");
    await this.#host.sync();
    await this.settled();
    const prune = this.#host.pruner.prune(this.#host.view, this.#record);
    if (typeof prune !== "boolean")
      throw new OptionError(`Trial.shouldPrune: the pruner must answer true or false, got ${show(prune)}`);
    return prune;
  }

  /** Keeps something with the trial: plain JSON; numbers may be NaN or infinite. */
  setUserAttr(key: string, value: unknown, ...more: never[]): void {
    checkNoMore("Trial.setUserAttr", more);
    checkAttr("Trial.setUserAttr", key, value);
    this.#userAttrs[key] = structuredClone(value);
    this.#write(trialAttrOp("user", this.#record.id, key, value));
  }

  /** Waits until all that the trial has written is stored. Throws what went wrong with it. @internal */
  async settled(): Promise<void> {
    const writes = this.#writes;
    this.#writes = [];
    await Promise.all(writes);
  }

  /** @internal */
  get id(): number {
    return this.#record.id;
  }

  #where(call: string, name: unknown): string {
    if (typeof name !== "string" || name === "")
      throw new OptionError(`Trial.${call}: name must be text, got ${show(name)}`);
    return `Trial.${call}(${show(name)})`;
  }

  #checkOneDirection(where: string): void {
    const { directions } = this.#host.record;
    if (directions.length > 1) {
      throw new OptionError(
        `${where}: a study with ${directions.length} directions has no pruning; leave the call out`,
      );
    }
  }

  #write(operation: Operation): void {
    this.#writes.push(this.#host.write(operation));
  }

  #suggest(where: string, name: string, distribution: Distribution): ParamValue {
    const own = this.#distributions.get(name);
    if (own) {
      if (!sameDistribution(own, distribution)) {
        throw new OptionError(
          `${where}: the trial has this parameter with another range; give each range a name of its own`,
        );
      }
      return this.#params[name]!;
    }
    const { state } = this.#record;
    if (isFinished(state))
      throw new StudyError(`${where}: the trial has ended as ${state}; ask for a new one`);
    const first = this.#host.record.ranges.get(name)?.distribution;
    const problem = first && incompatibility(first, distribution);
    if (problem) throw new OptionError(`${where}: ${incompatible(name, problem)}`);
    const chosen = this.#choose(name, distribution);
    const internal = internalOf(distribution, chosen);
    if (internal === undefined) {
      throw new OptionError(
        `${where}: the value must be one of the range, the sampler or enqueueTrial gave ${show(chosen)}`,
      );
    }
    // As everyone reads it from the journal: an integer without its fraction.
    const value = externalOf(distribution, internal);
    this.#params[name] = value;
    this.#distributions.set(name, distribution);
    this.#write(paramOp(this.#record.id, name, internal, distribution));
    return value;
  }

  #choose(name: string, distribution: Distribution): ParamValue {
    const { sampler, view } = this.#host;
    const fixed = this.#record.systemAttrs[FIXED_PARAMS] as Params | undefined;
    if (fixed && Object.hasOwn(fixed, name)) {
      const value = fixed[name]!;
      const internal = internalOf(distribution, value);
      if (internal !== undefined && !contains(distribution, internal)) {
        console.warn(
          `Study.enqueueTrial: the parameter ${show(name)} is outside of its range ${distributionJson(distribution)}, ` +
            `got ${show(value)}; the trial takes it as it is`,
        );
      }
      return value;
    }
    if (isSingle(distribution)) return singleValue(distribution);
    if (!this.#relative) {
      const space = sampler.relativeSpace(view, this.#record);
      this.#relative = { space, params: sampler.sampleRelative(view, this.#record, space) };
    }
    const { space, params } = this.#relative;
    const range = space.get(name);
    if (range && Object.hasOwn(params, name) && incompatibility(range, distribution) === null) {
      const internal = internalOf(distribution, params[name]);
      if (internal !== undefined && contains(distribution, internal)) return params[name]!;
    }
    return sampler.sampleIndependent(view, this.#record, name, distribution);
  }
}
