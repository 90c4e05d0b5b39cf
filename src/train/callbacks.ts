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
  /** The epochs so far, the one that just ended included. */
  readonly history: History;
  /** Names that a callback may monitor: `loss`, and with validation `validationLoss` and the metrics'. */
  readonly monitors: readonly string[];
  /** Whether the run goes on from a checkpoint: callbacks with a state have it again, and do not begin anew. */
  readonly resumed: boolean;
  /** Ends the run after this epoch, as if it were the last; between batches, after this batch without a report. */
  stop(): void;
  /** The run as it is now, as `trainer.checkpoint()`; in {@link Callback.onSettled} alone. */
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
 * Something that happens while a model is trained. All methods are optional; what they return is awaited. A run's callbacks are
 * called in the order in which they are given.
 */
export interface Callback {
  /** Needed with {@link state}: under which a checkpoint has it. */
  readonly name?: string;
  /** Before the first batch; to refuse the run, throw. */
  onFitStart?(run: FitRun): unknown;
  /** After each batch is submitted. `updated`: whether an update followed it. */
  onBatchEnd?(run: FitRun, updated: boolean): unknown;
  /** After each epoch and its validation. */
  onEpochEnd?(run: FitRun, report: EpochReport): unknown;
  /** After all callbacks' `onBatchEnd` (then without a report) or `onEpochEnd`: the moment to keep the run as it is. */
  onSettled?(run: FitRun, report?: EpochReport): unknown;
  /** After the last epoch, however it came to be the last; not where `fit` throws or is left. */
  onFitEnd?(run: FitRun): unknown;
  /** What it remembers of the run. Everything is taken before anything is awaited. */
  state?(): CallbackState | Promise<CallbackState>;
  /** Goes on from a state that {@link state} gave; called before `onFitStart`. Throws if it is none. */
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
