import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Module } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { NDArray } from "../shape.ts";
import type { OnNonFinite } from "./finite.ts";
import type { History } from "./history.ts";
import type { EpochReport, Progress } from "./report.ts";

/** A training run as its callbacks see it. */
export interface FitRun extends Progress {
  /** The model that is trained. */
  readonly model: Module;
  /** The optimizer that trains it. */
  readonly optimizer: Optimizer;
  /** The epochs so far, including the one that just ended. */
  readonly history: History;
  /** Names that a callback may monitor: `loss`, and with validation `validationLoss` and the metrics' names. */
  readonly monitors: readonly string[];
  /** Whether the run continues from a checkpoint. The callbacks' states have been restored then; do not reset them. */
  readonly resumed: boolean;
  /** Ends the run after this epoch. If called between batches: after the batch, without a report of the epoch. */
  stop(): void;
  /** The trainer's option of that name. */
  readonly onNonFinite: OnNonFinite;
  /**
   * The run as it is now, as `trainer.checkpoint()`. Only {@link Callback.onSettled} may call it.
   * @throws {@link DivergedError} if a number of the model or the optimizer is NaN or infinite, whatever `onNonFinite` says: nothing that
   * a run cannot go on from takes the place of an earlier checkpoint.
   */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A callback's state in a checkpoint. */
export interface CallbackState {
  /** Plain JSON; numbers may be NaN or infinite. */
  readonly values: unknown;
  /** Arrays by name. */
  readonly tensors?: ReadonlyMap<string, NDArray>;
}

/**
 * Functions that `fit` calls while it trains. Every method is optional; a promise that one returns is awaited. Callbacks are called in the
 * order of the list.
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
   * Called when every callback's `onEpochEnd` has returned, with the epoch's report, and when every callback's `onBatchEnd` has, without
   * one. Save the run here.
   */
  onSettled?(run: FitRun, report?: EpochReport): unknown;
  /** Called after the last epoch, also if `stop()` made it the last; not if `fit` throws or its loop is left. */
  onFitEnd?(run: FitRun): unknown;
  /** The callback's state at the time of the call. */
  state?(): CallbackState | Promise<CallbackState>;
  /** Restores a state that `state()` returned; called before `onFitStart`. Should throw for any other value. */
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
