export type { StatefulModel } from "../nn/stateful.ts";
export type { Batches, LoadedBatch } from "./batches.ts";
export type { Callback, CallbackState, FitRun } from "./callbacks.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./early-stopping.ts";
export type { Fit } from "./fit.ts";
export type { FitOptions } from "./fit-options.ts";
export type { Model } from "./forward.ts";
export { History } from "./history.ts";
export {
  LearningRateSchedule,
  type LearningRateScheduleOptions,
  type Scheduler,
} from "./learning-rate-schedule.ts";
export * as metrics from "./metrics.ts";
export { ModelCheckpoint, type ModelCheckpointOptions } from "./model-checkpoint.ts";
export type { MonitorOptions } from "./monitor.ts";
export type { PredictOptions } from "./prediction.ts";
export type { EpochReport, Evaluation, Progress } from "./report.ts";
export type { Loss } from "./steps.ts";
export { Trainer } from "./trainer.ts";
export type { StatefulTrainerOptions, TrainerOptions } from "./trainer-options.ts";
