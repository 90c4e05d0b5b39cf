/** How far an epoch is. */
export interface Progress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches submitted in this epoch. */
  readonly batch: number;
  /** Batches in an epoch, where the loader knows. */
  readonly batches: number | undefined;
  /**
   * Mean of the epoch's losses as far as they have come back from the GPU, which nothing waits for: a few batches behind.
   * `undefined` before the first one.
   */
  readonly loss: number | undefined;
}

/** What a pass over batches without training came to. */
export interface Evaluation {
  /** Mean of the batches' losses, weighted by their samples. */
  readonly loss: number;
  /** The trainer's metrics, by name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What one epoch of training came to. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** Mean of the batches' losses while training, weighted by their samples. */
  readonly loss: number;
  /** Mean loss over the validation batches after the epoch, where it was validated. */
  readonly validationLoss?: number;
  /** The trainer's metrics over the validation batches, by name, where there are any and the epoch was validated. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Learning rate of the epoch's last step, of the optimizer's first group; where the optimizer has one. */
  readonly learningRate?: number;
  /** Updates in this epoch. */
  readonly steps: number;
  /** Time of the epoch's training, in seconds. */
  readonly seconds: number;
  readonly stepsPerSecond: number;
}

/** A value of a report by the name it is monitored under: `loss`, `validationLoss`, or a metric's. */
export function monitored(report: EpochReport, name: string): number | undefined {
  if (name === "loss") return report.loss;
  if (name === "validationLoss") return report.validationLoss;
  return report.metrics?.[name];
}
