import { checkInteger, checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { type Batches, checkBatches } from "./batches.ts";
import { type Callback, checkCallbacks } from "./callbacks.ts";
import type { Progress } from "./report.ts";

/** Options of `Trainer.fit`. */
export interface FitOptions {
  /** The last epoch; a resumed run counts those before. */
  readonly epochs: number;
  /**
   * Batches that make an epoch: an epoch then ends in the middle of a pass over the loader, and the next one goes on there; a new
   * pass begins where one is over. By default an epoch is one pass.
   */
  readonly batchesPerEpoch?: number;
  /** Evaluated after every epoch, or every few. */
  readonly validation?: Batches;
  /** Epochs from one validation to the next; the last epoch is always validated. Default 1. */
  readonly validateEvery?: number;
  /** What happens besides: {@link EarlyStopping}, {@link ModelCheckpoint}, {@link LearningRateSchedule}, or your own. */
  readonly callbacks?: readonly Callback[];
  /** Ends training before the next batch; `fit` then throws the signal's reason, and the model keeps what it learned. */
  readonly signal?: AbortSignal;
  /** Called after each batch is submitted. A promise it returns is awaited, and not counted as training: a way to pause. */
  readonly onProgress?: (progress: Progress) => unknown;
}

/** Options with a value for all that have one. */
export interface FitPlan extends FitOptions {
  readonly loader: Batches;
  readonly validateEvery: number;
  readonly callbacks: readonly Callback[];
}

const NAMES = [
  "epochs",
  "batchesPerEpoch",
  "validation",
  "validateEvery",
  "callbacks",
  "signal",
  "onProgress",
];

/** Throws unless a run can go by these options. */
export function fitPlan(where: string, loader: Batches, options: FitOptions): FitPlan {
  checkBatches(where, "the loader", loader);
  checkOptions(where, options, NAMES);
  const {
    epochs,
    batchesPerEpoch,
    validation,
    validateEvery = 1,
    callbacks = [],
    signal,
    onProgress,
  } = options;
  checkInteger(where, "epochs", epochs);
  if (batchesPerEpoch !== undefined) checkInteger(where, "batchesPerEpoch", batchesPerEpoch);
  if (validation !== undefined) checkBatches(where, "validation", validation);
  checkInteger(where, "validateEvery", validateEvery);
  checkCallbacks(where, callbacks);
  if (signal !== undefined && typeof signal.throwIfAborted !== "function") {
    throw new OptionError(`${where}: signal must be an AbortSignal, got ${show(signal)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new OptionError(`${where}: onProgress must be a function, got ${show(onProgress)}`);
  }
  return { ...options, loader, validateEvery, callbacks: [...callbacks] };
}
