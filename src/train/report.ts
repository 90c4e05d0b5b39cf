import type { Divergence } from "../errors.ts";

/** Progress of a run within its epoch. */
export interface Progress {
  /** From 1. */
  readonly epoch: number;
  /** The last epoch. */
  readonly epochs: number;
  /** Batches submitted in this epoch. */
  readonly batch: number;
  /** Batches in an epoch, if the loader knows. */
  readonly batches: number | undefined;
  /**
   * Loss over the epoch's batches that have been read from the GPU so far, as {@link EpochReport.loss}. Training does not wait for
   * them, so it lags by a few batches; `undefined` before the first.
   */
  readonly loss: number | undefined;
}

/** A batch of a run, and a loss. */
export type TrainedBatch = Omit<Divergence, "tensor">;

/** The result of an evaluation: a pass over batches without training. */
export interface Evaluation {
  /** Mean of the batches' losses, weighted by their samples; their sum if the loss's `reduction` is "sum". */
  readonly loss: number;
  /** The trainer's metrics, by name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The result of one epoch of training. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** Mean of the batches' losses while training, weighted by their samples; their sum if the loss's `reduction` is "sum". */
  readonly loss: number;
  /** Loss over the validation batches after the epoch, if it was validated. */
  readonly validationLoss?: number;
  /** The trainer's metrics over the validation batches, by name, if there are any and the epoch was validated. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Learning rate of the optimizer's first group at the end of the epoch, before a schedule's step after it. */
  readonly learningRate?: number;
  /** Updates in this epoch. */
  readonly steps: number;
  /** Updates that were left out, with `onNonFinite: "skip"`; neither their batches' losses nor they themselves count above. */
  readonly skipped?: number;
  /** Time of the epoch's training, in seconds. */
  readonly seconds: number;
  /** Updates a second. */
  readonly stepsPerSecond: number;
}

/** A report's value by its monitored name: `loss`, `validationLoss`, or a metric's name. */
export function monitored(report: EpochReport, name: string): number | undefined {
  if (name === "loss") return report.loss;
  if (name === "validationLoss") return report.validationLoss;
  return report.metrics?.[name];
}
