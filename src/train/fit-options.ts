import { checkInteger, checkOptions } from "../checks.ts";
import { type Batches, checkBatches } from "./batches.ts";
import { type Callback, checkCallbacks } from "./callbacks.ts";
import { type LearningRateSchedule, type Scheduler, scheduleOf } from "./learning-rate-schedule.ts";
import { checkListeners, type FitListeners } from "./listeners.ts";

/** Options of `Trainer.fit`. */
export interface FitOptions extends FitListeners {
  /** The last epoch. A resumed run counts the epochs before it. */
  readonly epochs: number;
  /**
   * Batches in an epoch. The next epoch then continues in the middle of the pass over the loader, and a new pass begins when one is
   * finished. By default an epoch is one pass.
   */
  readonly batchesPerEpoch?: number;
  /** Batches that are evaluated after every epoch, or every few. */
  readonly validation?: Batches;
  /** Epochs from one validation to the next; the last epoch is always validated. Default 1. */
  readonly validateEvery?: number;
  /**
   * A scheduler of `optim.lrScheduler`, or your own, that sets the learning rate. It steps after every epoch or every update, as its
   * `stepsEvery` says. `ReduceLROnPlateau` is given the validation loss, or the training loss if there is no validation. To choose
   * otherwise, pass a {@link LearningRateSchedule}. Checkpoints keep its state.
   */
  readonly schedule?: Scheduler | LearningRateSchedule;
  /** Called during training: {@link EarlyStopping}, {@link ModelCheckpoint}, or your own. */
  readonly callbacks?: readonly Callback[];
}

/** Options of one run, checked and with their defaults. */
export interface FitPlan extends Omit<FitOptions, "schedule"> {
  readonly loader: Batches;
  readonly validateEvery: number;
  /** The schedule first. */
  readonly callbacks: readonly Callback[];
}

const NAMES = [
  "epochs",
  "batchesPerEpoch",
  "validation",
  "validateEvery",
  "schedule",
  "callbacks",
  "signal",
  "onProgress",
];

/** Checks the options of a run and returns them with their defaults. */
export function fitPlan(where: string, loader: Batches, options: FitOptions): FitPlan {
  checkBatches(where, "the loader", loader);
  checkOptions(where, options, NAMES);
  const { schedule, ...rest } = options;
  const { epochs, batchesPerEpoch, validation, validateEvery = 1, callbacks = [] } = rest;
  checkInteger(where, "epochs", epochs);
  if (batchesPerEpoch !== undefined) checkInteger(where, "batchesPerEpoch", batchesPerEpoch);
  if (validation !== undefined) checkBatches(where, "validation", validation);
  checkInteger(where, "validateEvery", validateEvery);
  checkCallbacks(where, callbacks);
  checkListeners(where, rest);
  const scheduled = schedule === undefined ? [] : [scheduleOf(where, schedule)];
  return { ...rest, loader, validateEvery, callbacks: [...scheduled, ...callbacks] };
}
