import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Module } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { NDArray } from "../shape.ts";
import type { History } from "./history.ts";
import type { EpochReport, Progress } from "./report.ts";

/** A training run as its callbacks see it. */
export interface FitRun extends Progress {
  readonly model: Module;
  readonly optimizer: Optimizer;
  /** The epochs so far, including the one that just ended. */
  readonly history: History;
  /** Names that a callback may monitor: `loss`, and with validation `validationLoss` and the metrics' names. */
  readonly monitors: readonly string[];
  /** Whether the run goes on from a checkpoint. Callbacks with a state then have it again, and keep it. */
  readonly resumed: boolean;
  /** Ends the run after this epoch, as if it were the last; called between batches, after this batch and without a report. */
  stop(): void;
  /** The run as it is now, as `trainer.checkpoint()`. Only {@link Callback.onSettled} may call it. */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>>;
}

/** What a callback remembers, for a checkpoint. */
export interface CallbackState {
  /** Plain JSON; numbers may be NaN or infinite. */
  readonly values: unknown;
  /** Arrays by name. */
  readonly tensors?: ReadonlyMap<string, NDArray>;
}

/**
 * Something that happens while a model is trained. Every method is optional, and a promise that it returns is awaited. Callbacks are
 * called in the order in which they are given.
 */
export interface Callback {
  /** The name of its state in a checkpoint; needed with `state`. */
  readonly name?: string;
  /** Called before the first batch. Throw here to refuse the run. */
  onFitStart?(run: FitRun): unknown;
  /** Called after each batch is submitted. `updated`: whether an update followed it. */
  onBatchEnd?(run: FitRun, updated: boolean): unknown;
  /** Called after each epoch and its validation. */
  onEpochEnd?(run: FitRun, report: EpochReport): unknown;
  /**
   * Called after every callback's `onEpochEnd`, with the epoch's report, and after every callback's `onBatchEnd`, without one. This is
   * where the run can be saved.
   */
  onSettled?(run: FitRun, report?: EpochReport): unknown;
  /** Called after the last epoch, whatever made it the last; not where `fit` throws or is left. */
  onFitEnd?(run: FitRun): unknown;
  /** What it remembers of the run, as it is at the call. */
  state?(): CallbackState | Promise<CallbackState>;
  /** Takes over a state that `state()` gave; called before `onFitStart`. Throws if it gave no such state. */
  setState?(state: CallbackState): void;
}

const METHODS = [
  "onFitStart",
  "onBatchEnd",
  "onEpochEnd",
  "onSettled",
  "onFitEnd",
  "state",
  "setState",
] as const;

/** Throws an OptionError unless these are callbacks. */
export function checkCallbacks(where: string, callbacks: unknown): asserts callbacks is readonly Callback[] {
  if (!Array.isArray(callbacks)) {
    throw new OptionError(
      `${where}: callbacks must be a list such as [new EarlyStopping()], got ${show(callbacks)}`,
    );
  }
  for (const [i, callback] of (callbacks as Partial<Callback>[]).entries()) {
    const given = METHODS.filter((name) => callback?.[name] !== undefined);
    if (given.length === 0 || given.some((name) => typeof callback[name] !== "function")) {
      throw new OptionError(
        `${where}: callbacks[${i}] must be an object with functions such as onEpochEnd, got ${show(callback)}`,
      );
    }
    if (callback.state && (typeof callback.name !== "string" || !callback.setState)) {
      throw new OptionError(
        `${where}: callbacks[${i}] has a state and needs a name and setState for it, got name ${show(callback.name)}`,
      );
    }
  }
}
