/** The loop of a study's run. */
import { checkBoolean, checkInteger, checkNumber, checkOptions, shorten, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { StudyCore } from "./core.ts";
import { TrialPruned } from "./errors.ts";
import type { FrozenTrial } from "./frozen-trial.ts";
import { judge, type Verdict } from "./tell.ts";
import type { Trial } from "./trial.ts";

/** What a study optimizes: a function of a trial that gives its value, or one value for each direction. */
export type Objective = (trial: Trial) => number | readonly number[] | Promise<number | readonly number[]>;

/** Options of a study's run. */
export interface RunOptions {
  /** Number of trials of this run; by default it goes on until its timeout, `study.stop()` or its signal. */
  readonly trials?: number;
  /** Seconds after which no new trial starts. */
  readonly timeout?: number;
  /** How many trials run at the same time. Default 1. */
  readonly jobs?: number;
  /** Ends the run, and by `trial.signal` the trials that are under way. */
  readonly signal?: AbortSignal;
  /** Whether the run ends with the first trial whose objective throws, and throws its error. Default false. */
  readonly stopOnError?: boolean;
}

const WHERE = "Study.optimize";

function checkRun(
  objective: unknown,
  options: RunOptions & { readonly callbacks?: readonly unknown[] },
): void {
  if (typeof objective !== "function")
    throw new OptionError(`${WHERE}: objective must be a function of a trial, got ${show(objective)}`);
  checkOptions(WHERE, options, ["trials", "timeout", "jobs", "signal", "callbacks", "stopOnError"]);
  const { trials, timeout, jobs = 1, signal, callbacks = [], stopOnError = false } = options;
  if (trials !== undefined) checkInteger(WHERE, "trials", trials, 0);
  if (timeout !== undefined)
    checkNumber(WHERE, "timeout", timeout, "a number of seconds above 0", (n) => n > 0);
  checkInteger(WHERE, "jobs", jobs);
  if (signal !== undefined && typeof signal.throwIfAborted !== "function")
    throw new OptionError(`${WHERE}: signal must be an AbortSignal, got ${show(signal)}`);
  if (!Array.isArray(callbacks) || callbacks.some((callback) => typeof callback !== "function"))
    throw new OptionError(`${WHERE}: callbacks must be a list of functions, got ${show(callbacks)}`);
  checkBoolean(WHERE, "stopOnError", stopOnError);
}

/** An error as a trial's reason: its name and its message. */
export function reasonOf(error: unknown): string {
  return shorten(error instanceof Error ? `${error.name}: ${error.message}` : show(error), 2000);
}

/**
 * Runs trials until the options or the study say that it is enough.
 * @param onTrialEnd Called after each trial, and awaited
 */
export async function optimize(
  core: StudyCore,
  objective: Objective,
  options: RunOptions,
  onTrialEnd: (trial: FrozenTrial) => Promise<void>,
): Promise<void> {
  checkRun(objective, options);
  const { trials = Number.POSITIVE_INFINITY, timeout, jobs = 1, stopOnError = false } = options;
  const { signal = new AbortController().signal } = options;
  const end = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + 1000 * timeout;
  core.stopping = false;
  let started = 0;
  let failed = false;

  const goesOn = () =>
    !failed && !core.stopping && !signal.aborted && started < trials && performance.now() < end;

  const work = async () => {
    try {
      while (goesOn()) {
        started++;
        const ended = await runTrial(core, objective, signal, stopOnError);
        await onTrialEnd(ended);
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  signal.throwIfAborted();
  const results = await Promise.allSettled(Array.from({ length: Math.min(jobs, trials) }, work));
  for (const result of results) if (result.status === "rejected") throw result.reason;
  signal.throwIfAborted();
}

/** What came of an objective. */
export interface Result {
  /** The trial, once all that it has written is stored. */
  readonly stored: FrozenTrial;
  readonly verdict: Verdict;
  /** What the objective threw, except that the trial was pruned. */
  readonly thrown: { readonly error: unknown } | null;
}

/** Runs the objective of a trial; how the trial ends is still to be recorded. */
export async function runObjective(
  where: string,
  core: StudyCore,
  trial: Trial,
  objective: Objective,
): Promise<Result> {
  let values: unknown = null;
  let thrown: { readonly error: unknown } | null = null;
  try {
    values = await objective(trial);
  } catch (error) {
    thrown = { error };
  }
  const stored = await core.settle(trial);
  const pruned = thrown?.error instanceof TrialPruned;
  if (thrown && !pruned)
    return { stored, verdict: { state: "FAIL", values: null, reason: reasonOf(thrown.error) }, thrown };
  const { length } = core.record.directions;
  return {
    stored,
    verdict: judge(where, values, pruned ? "PRUNED" : undefined, stored, length),
    thrown: null,
  };
}

/** Runs the objective once and records how it ends. */
async function runTrial(
  core: StudyCore,
  objective: Objective,
  signal: AbortSignal,
  stopOnError: boolean,
): Promise<FrozenTrial> {
  const trial = await core.start(signal);
  const { stored, verdict, thrown } = await runObjective(WHERE, core, trial, objective);
  // Another worker took it for abandoned.
  if (stored.state !== "RUNNING") return core.record.trials[trial.number]!.copy();
  if (thrown && signal.aborted) {
    return core.giveUp(trial.number, "interrupted by the run's signal; the trial was queued again");
  }
  const ended = await core.finish(trial.number, verdict);
  if (thrown && stopOnError) throw thrown.error;
  return ended;
}
