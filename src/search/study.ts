import { checkBoolean, checkNoMore, checkOptions, isObject, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { checkAttr } from "./attrs.ts";
import type { StudyCore } from "./core.ts";
import type { CategoricalChoice, Params } from "./distributions.ts";
import { StudyError } from "./errors.ts";
import type { Attrs, FrozenTrial, TrialRecord } from "./frozen-trial.ts";
import { type Direction, studyAttrOp } from "./operations.ts";
import { type Objective, optimize, type RunOptions } from "./optimize.ts";
import { paretoFront } from "./pareto.ts";
import type { StudyRecord } from "./replay.ts";
import type { Pruner, Sampler } from "./sampler.ts";
import { judge } from "./tell.ts";
import { FIXED_PARAMS, Trial } from "./trial.ts";

/** Options of {@link Study.tell}. */
export interface TellOptions {
  /** How the trial ends; by default COMPLETE, or FAIL if the values are none. */
  readonly state?: "COMPLETE" | "PRUNED" | "FAIL";
  /** Whether a trial that has ended already is left as it is, without an error. Default false. */
  readonly skipIfFinished?: boolean;
}

/** Options of {@link Study.optimize}. */
export interface OptimizeOptions extends RunOptions {
  /** Called after each trial; a promise that one returns is awaited before its job goes on. */
  readonly callbacks?: readonly ((study: Study, trial: FrozenTrial) => unknown)[];
}

/** Options of {@link Study.enqueueTrial}. */
export interface EnqueueOptions {
  /** What to note with the trial. */
  readonly userAttrs?: Attrs;
  /** Whether to leave it out if a trial with these parameters exists. Default false. */
  readonly skipIfExists?: boolean;
}

/** A signal that is never aborted. */
const never = new AbortController().signal;

/**
 * A search for the best parameters of an objective: Optuna's `Study`. {@link createStudy} and {@link loadStudy} open one.
 *
 * What it says of its trials is what its storage held at the last `ask`, `tell`, `shouldPrune` or `sync`.
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.study.Study.html
 */
export class Study {
  /** @internal */
  readonly core: StudyCore;
  readonly #record: StudyRecord;
  #optimizing = false;

  /** @internal */
  constructor(core: StudyCore) {
    this.core = core;
    this.#record = core.record;
  }

  /** What suggests the parameters. */
  get sampler(): Sampler {
    return this.core.sampler;
  }

  /** What ends trials that promise little. */
  get pruner(): Pruner {
    return this.core.pruner;
  }

  /** Its name in the storage. */
  get name(): string {
    return this.#record.name;
  }

  /** What is wanted of each value of the objective. */
  get directions(): readonly Direction[] {
    return [...this.#record.directions];
  }

  /** What is made of the objective. @throws StudyError for a study with several directions */
  get direction(): Direction {
    this.#checkOneDirection("direction", "directions");
    return this.#record.directions[0]!;
  }

  /** All trials, by number. */
  get trials(): readonly FrozenTrial[] {
    return this.#record.trials.map((trial) => trial.copy());
  }

  /**
   * The trial with the best value.
   * @throws StudyError as long as no trial is complete, and for a study with several directions
   */
  get bestTrial(): FrozenTrial {
    this.#checkOneDirection("bestTrial", "bestTrials");
    const sign = this.direction === "minimize" ? 1 : -1;
    let best: TrialRecord | undefined;
    for (const trial of this.#record.trials) {
      if (trial.state !== "COMPLETE") continue;
      if (!best || sign * trial.value! < sign * best.value!) best = trial;
    }
    if (!best)
      throw new StudyError(
        `Study.bestTrial: no trial of ${show(this.name)} is complete yet; see study.trials`,
      );
    return best.copy();
  }

  /** The parameters of {@link bestTrial}. */
  get bestParams(): Params {
    return this.bestTrial.params;
  }

  /** The value of {@link bestTrial}. */
  get bestValue(): number {
    return this.bestTrial.value!;
  }

  /** The complete trials that no other surpasses in one direction without falling behind in another: the Pareto front. */
  get bestTrials(): readonly FrozenTrial[] {
    const complete = this.#record.trials.filter(({ state }) => state === "COMPLETE");
    return paretoFront(complete, this.#record.directions).map((trial) => trial.copy());
  }

  /** What users have noted with it. */
  get userAttrs(): Attrs {
    return structuredClone({ ...this.#record.userAttrs });
  }

  /** Keeps something with the study: plain JSON; numbers may be NaN or infinite. */
  async setUserAttr(key: string, value: unknown, ...more: never[]): Promise<void> {
    checkNoMore("Study.setUserAttr", more);
    checkAttr("Study.setUserAttr", key, value);
    await this.core.write(studyAttrOp("user", this.#record.id, key, value));
  }

  /** Takes what other workers have stored since. */
  async sync(): Promise<void> {
    await this.core.sync();
  }

  /**
   * Runs the objective for one trial after the other, or for `jobs` at a time.
   *
   * A trial whose objective throws, or gives no number, is recorded as FAIL with its reason, and the next one starts. An aborted signal ends
   * the run: the objective hears of it by `trial.signal`; a trial that it then gives up is queued again, so that the next `optimize`
   * begins with it.
   * @throws the signal's reason if it is aborted; with `stopOnError`, the objective's error; what a callback throws; what the storage throws
   *
   * @example
   * await study.optimize(async (trial) => {
   *   const lr = trial.suggestFloat("lr", 1e-4, 1e-1, { log: true });
   *   return train(lr, trial.signal);
   * }, { trials: 50 });
   */
  async optimize(objective: Objective, options: OptimizeOptions = {}, ...more: never[]): Promise<void> {
    checkNoMore("Study.optimize", more);
    if (this.#optimizing) {
      throw new StudyError(
        "Study.optimize: the study runs already; await that run, or ask for jobs: 2 or more in it",
      );
    }
    this.#optimizing = true;
    try {
      await optimize(this.core, objective, options, async (trial) => {
        for (const callback of options.callbacks ?? []) await callback(this, trial);
      });
    } finally {
      this.#optimizing = false;
    }
  }

  /** Ends the run of {@link optimize} after the trials that are under way. */
  stop(): void {
    this.core.stopping = true;
  }

  /** Starts a trial: the next one of the queue, or a new one. End it with {@link tell}. */
  ask(...more: never[]): Promise<Trial> {
    checkNoMore("Study.ask", more);
    return this.core.start(never);
  }

  /**
   * Ends a trial of {@link ask}.
   * @param trial The trial or its number
   * @param values The objective's value, or one for each direction; none for a trial that was pruned or has failed
   * @throws StudyError if there is no such trial or it has ended; OptionError for values that do not fit
   */
  async tell(
    trial: Trial | number,
    values?: number | readonly number[] | null,
    options: TellOptions = {},
    ...more: never[]
  ): Promise<FrozenTrial> {
    const where = "Study.tell";
    checkOptions(where, options, ["state", "skipIfFinished"], more);
    const { state, skipIfFinished = false } = options;
    checkBoolean(where, "skipIfFinished", skipIfFinished);
    if (trial instanceof Trial) await trial.settled();
    await this.core.sync();
    const record = this.core.find(where, trial);
    if (record.state !== "RUNNING") {
      if (skipIfFinished && record.state !== "WAITING") return record.copy();
      throw new StudyError(
        `${where}: trial ${record.number} is ${record.state}; a value can be told of a RUNNING trial only`,
      );
    }
    return this.core.finish(
      record.number,
      judge(where, values, state, record, this.#record.directions.length),
    );
  }

  /**
   * Queues a trial with given parameters: the next {@link ask} or {@link optimize} begins with it. Parameters that are not given are
   * sampled. A value outside of the range that the trial then asks for is taken as it is, with a warning.
   *
   * @example
   * await study.enqueueTrial({ hidden: 50, lr: 0.01 }); // the defaults first
   */
  async enqueueTrial(params: Params, options: EnqueueOptions = {}, ...more: never[]): Promise<void> {
    const where = "Study.enqueueTrial";
    checkOptions(where, options, ["userAttrs", "skipIfExists"], more);
    const { userAttrs = {}, skipIfExists = false } = options;
    checkBoolean(where, "skipIfExists", skipIfExists);
    if (!isObject(params))
      throw new OptionError(`${where}: params must be an object such as { lr: 0.01 }, got ${show(params)}`);
    for (const [name, value] of Object.entries<unknown>(params)) {
      if (value !== null && !["boolean", "number", "string"].includes(typeof value)) {
        throw new OptionError(
          `${where}: the parameter ${show(name)} must be a number, text, true, false or null, got ${show(value)}`,
        );
      }
    }
    for (const [key, value] of Object.entries(userAttrs)) checkAttr(where, key, value);
    if (skipIfExists) {
      await this.core.sync();
      if (this.#record.trials.some((trial) => hasParams(trial, params))) return;
    }
    const systemAttrs = { [FIXED_PARAMS]: params };
    await this.core.add({ state: "WAITING", userAttrs, systemAttrs });
  }

  /**
   * Ends every trial that is RUNNING as FAIL and queues its parameters again. Call it where nobody else works on the study: after a
   * reload, or the end of a program that was killed.
   * @returns The numbers of those trials
   */
  async requeueRunning(...more: never[]): Promise<readonly number[]> {
    checkNoMore("Study.requeueRunning", more);
    await this.core.sync();
    const left = this.#record.trials.filter(({ state }) => state === "RUNNING").map(({ number }) => number);
    for (const number of left)
      await this.core.giveUp(number, "its worker is gone; the trial was queued again");
    return left;
  }

  #checkOneDirection(call: string, instead: string): void {
    const { length } = this.#record.directions;
    if (length > 1)
      throw new StudyError(`Study.${call}: the study has ${length} directions; use study.${instead}`);
  }
}

/** Whether a trial has these parameters and no others, or was queued with them. Numbers may differ by rounding. */
function hasParams(trial: TrialRecord, params: Params): boolean {
  const own = (trial.systemAttrs[FIXED_PARAMS] ?? trial.params) as Params;
  const names = Object.keys(own);
  if (names.length !== Object.keys(params).length) return false;
  return names.every((name) => Object.hasOwn(params, name) && isClose(own[name]!, params[name]!));
}

function isClose(a: CategoricalChoice, b: CategoricalChoice): boolean {
  if (typeof a !== "number" || typeof b !== "number" || Object.is(a, b)) return a === b || Object.is(a, b);
  return Math.abs(a - b) <= 1e-5 * Math.abs(b);
}
