export type { Batches } from "./batches.ts";
export {
  type EpochReport,
  type FitOptions,
  type Loss,
  type Model,
  type Progress,
  Trainer,
  type TrainerOptions,
} from "./trainer.ts";
