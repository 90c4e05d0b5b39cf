import { checkInteger, checkOptions } from "../checks.ts";
import { checkRecovery, type Device, type OnDeviceLost } from "../device.ts";
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
  /**
   * What to do when the GPU device is lost.
   *
   * - "throw", the default: `fit` rejects with a {@link DeviceLostError}.
   * - "recover": request a device again as the trainer's was, several times with growing pauses; put the last state in memory on it; go
   *   on. The run computes the same bits as an undisturbed one. The model, its parameters and the optimizer stay the same objects, and
   *   `trainer.device` is the new device. Batches since that state are trained again, and `onProgress` and callbacks hear of them again.
   * - A function that gives a new device, and does the same with it: for a trainer on a device of `Device.from`.
   */
  readonly onDeviceLost?: OnDeviceLost;
  /**
   * With `onDeviceLost`: batches of an epoch from one state in memory to the next. A state is copied to host memory while training goes
   * on. By default it is copied after each epoch.
   */
  readonly keepEvery?: number;
  /** With `onDeviceLost`: how many losses of one `fit` to recover from; the next is thrown. Default 5. */
  readonly maxRecoveries?: number;
  /** Called during training: {@link EarlyStopping}, {@link ModelCheckpoint}, or your own. */
  readonly callbacks?: readonly Callback[];
}

/** Options of one run, checked and with their defaults. */
export interface FitPlan extends Omit<FitOptions, "schedule"> {
  readonly loader: Batches;
  readonly validateEvery: number;
  readonly onDeviceLost: OnDeviceLost;
  readonly maxRecoveries: number;
  /** The schedule first. */
  readonly callbacks: readonly Callback[];
}

const NAMES = [
  "epochs",
  "batchesPerEpoch",
  "validation",
  "validateEvery",
  "schedule",
  "onDeviceLost",
  "keepEvery",
  "maxRecoveries",
  "callbacks",
  "signal",
  "onProgress",
];

/** Checks the options of a run and returns them with their defaults. */
export function fitPlan(where: string, device: Device, loader: Batches, options: FitOptions): FitPlan {
  checkBatches(where, "the loader", loader);
  checkOptions(where, options, NAMES);
  const { schedule, ...rest } = options;
  const { epochs, batchesPerEpoch, validation, validateEvery = 1, callbacks = [] } = rest;
  checkInteger(where, "epochs", epochs);
  if (batchesPerEpoch !== undefined) checkInteger(where, "batchesPerEpoch", batchesPerEpoch);
  if (validation !== undefined) checkBatches(where, "validation", validation);
  checkInteger(where, "validateEvery", validateEvery);
  const { onDeviceLost = "throw", maxRecoveries = 5 } = rest;
  checkRecovery(where, device, rest);
  checkCallbacks(where, callbacks);
  checkListeners(where, rest);
  const scheduled = schedule === undefined ? [] : [scheduleOf(where, schedule)];
  return {
    ...rest,
    loader,
    validateEvery,
    onDeviceLost,
    maxRecoveries,
    callbacks: [...scheduled, ...callbacks],
  };
}
