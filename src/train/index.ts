export type { Batches } from "./batches.ts";
export type { Callback, CallbackState, FitRun } from "./callbacks.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./early-stopping.ts";
export type { FitOptions } from "./fit-options.ts";
export { History } from "./history.ts";
export {
  LearningRateSchedule,
  type LearningRateScheduleOptions,
  type Scheduler,
} from "./learning-rate-schedule.ts";
export * as metrics from "./metrics.ts";
export { ModelCheckpoint, type ModelCheckpointOptions } from "./model-checkpoint.ts";
export type { MonitorOptions } from "./monitor.ts";
export type { EpochReport, Evaluation, Progress } from "./report.ts";
export type { Loss, Model } from "./steps.ts";
export { Trainer, type TrainerOptions } from "./trainer.ts";
