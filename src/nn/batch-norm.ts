import { checkBoolean, checkInteger, checkNumber, checkOptions } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import { assign, assignTexts, current } from "../graph/assign.ts";
import { batchNorm, checkChannels } from "../graph/normalization.ts";
import { Buffer, Parameter } from "../graph/parameter.ts";
import { apply, recording, type Tensor } from "../graph/tensor.ts";
import { batchNorm as batchNormOp } from "../ops/layer/batch-norm.ts";
import { normalizeTexts } from "../ops/layer/normalize.ts";
import { showShape, sizeOf, zerosOf } from "../shape.ts";
import { Module } from "./module.ts";

/** Options of {@link BatchNorm1d}. */
export interface BatchNorm1dOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Weight of a batch in the running statistics; `null` for their mean over all batches. Default 0.1. */
  readonly momentum?: number | null;
  /** Whether channels are scaled and shifted by learned values. Default true. */
  readonly affine?: boolean;
  /** Whether to keep running statistics for evaluation. Without them a batch's own are used. Default true. */
  readonly trackRunningStats?: boolean;
}

/** Running statistics, as the state dict has them. */
interface Running {
  readonly mean: Buffer;
  readonly variance: Buffer;
  /** Batches so far; exact up to 2²⁴. */
  readonly tracked: Buffer;
}

/**
 * Normalizes each channel: (x - mean) / √(variance + eps) · weight + bias, as `torch.nn.BatchNorm1d`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html). In training mode by the batch's mean and variance, and every
 * run of a step brings the running ones up to date on the GPU; in evaluation mode by the running ones. A run whose update a `Trainer` leaves
 * out changes nothing.
 *
 * @example
 * const norm = new nn.BatchNorm1d(64);
 * const y = norm.forward(x); // [N, 64] or [N, 64, L], of the same shape
 * norm.eval(); // from now on by the running mean and variance
 */
export class BatchNorm1d extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  /** [numFeatures], or null. */
  readonly weight: Parameter | null;
  /** [numFeatures], or null. */
  readonly bias: Parameter | null;
  readonly #running: Running | null;

  constructor(numFeatures: number, options: BatchNorm1dOptions = {}, ...more: never[]) {
    super();
    const where = "BatchNorm1d";
    checkInteger(where, "numFeatures", numFeatures);
    checkOptions(where, options, ["eps", "momentum", "affine", "trackRunningStats"], more);
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    checkNumber(where, "eps", eps, "a number of at least 0", (n) => n >= 0);
    if (momentum !== null) {
      checkNumber(where, "momentum", momentum, "a number from 0 to 1, or null", (n) => n >= 0 && n <= 1);
    }
    checkBoolean(where, "affine", affine);
    checkBoolean(where, "trackRunningStats", trackRunningStats);
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    const zeros = () => zerosOf(where, [numFeatures]);
    this.weight = affine ? new Parameter([numFeatures], zeros().fill(1)) : null;
    this.bias = affine ? new Parameter([numFeatures], zeros()) : null;
    this.#running = trackRunningStats
      ? {
          mean: new Buffer([numFeatures], zeros()),
          variance: new Buffer([numFeatures], zeros().fill(1)),
          tracked: new Buffer([], new Float32Array(1)),
        }
      : null;
    if (this.#running) {
      this.registerBuffer("running_mean", this.#running.mean);
      this.registerBuffer("running_var", this.#running.variance);
      this.registerBuffer("num_batches_tracked", this.#running.tracked);
    }
  }

  /** [numFeatures], or null. */
  get runningMean(): Buffer | null {
    return this.#running?.mean ?? null;
  }

  /** [numFeatures], or null. */
  get runningVar(): Buffer | null {
    return this.#running?.variance ?? null;
  }

  /** Batches that the running statistics have seen, a scalar, or null. */
  get numBatchesTracked(): Buffer | null {
    return this.#running?.tracked ?? null;
  }

  /** @param x [N, numFeatures] or [N, numFeatures, L] @returns The same shape. */
  forward(x: Tensor): Tensor {
    const where = "BatchNorm1d.forward";
    checkChannels(where, x, this.numFeatures, 3);
    const recorder = recording.current(where);
    // eval() and train() take effect after compile() too.
    recorder.needs.push(normalizeTexts, assignTexts);
    const training = recorder.training(this);
    const running = this.#running;
    const { weight, bias, eps, momentum } = this;
    if (!training && running) {
      const [mean, variance] = [current(where, running.mean), current(where, running.variance)];
      return batchNorm(where, x, mean, variance, weight, bias, eps);
    }
    if (training && sizeOf(x.shape) === this.numFeatures) {
      throw new ShapeError(
        `${where}: in training every channel must have more than one value, got ${showShape(x.shape)}; give a larger batch, or call eval()`,
      );
    }
    const [mean, variance, tracked] = running
      ? [running.mean, running.variance, running.tracked].map((buffer) => current(where, buffer))
      : [];
    const inputs = [x, weight, bias, mean ?? null, variance ?? null, tracked ?? null];
    const [y, ...after] = apply(where, batchNormOp, inputs, { eps, momentum });
    if (training && running) {
      for (const [i, buffer] of [running.mean, running.variance, running.tracked].entries()) {
        assign(where, buffer, after[i]!);
      }
    }
    return y!;
  }
}
