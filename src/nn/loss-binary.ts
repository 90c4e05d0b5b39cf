import { checkOnTheWayIn } from "../graph/input-checks.ts";
import type { Buffer } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Reduction } from "../ops/loss/pointwise-loss.ts";
import { checkLossInputs, checkLossOptions, type LossOptions, pointwise } from "./loss.ts";
import { broadcastWeights, type LossWeights, weightBuffer } from "./loss-weights.ts";
import { Module } from "./module.ts";

export interface BCELossOptions extends LossOptions {
  /** Factor of each element's loss; broadcast to the prediction's shape. Default none. */
  readonly weight?: LossWeights;
}

/**
 * Binary cross-entropy of probabilities, -y·log x - (1 - y)·log(1 - x) with logarithms clamped to at least -100, as `torch.nn.BCELoss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html).
 *
 * @example
 * const criterion = new nn.BCELoss();
 * const loss = criterion.forward(output.sigmoid(), y); // both [N, 1], y from 0 to 1: a scalar
 */
export class BCELoss extends Module {
  readonly reduction: Reduction;
  /** Not learned; in the state dict. */
  readonly weight: Buffer | null;

  constructor(options: BCELossOptions = {}, ...more: never[]) {
    super();
    this.reduction = checkLossOptions("BCELoss", options, more, ["weight"]);
    this.weight = weightBuffer("BCELoss", "weight", options.weight);
  }

  /**
   * @param prediction Probabilities. A value outside 0 to 1 throws when a step runs if it comes from the host, and gives NaN if
   * it was computed on the GPU.
   * @param target From 0 to 1, of the same shape; checked as the prediction is.
   * @returns A scalar, or a loss of each element.
   */
  forward(prediction: Tensor, target: Tensor): Tensor {
    const where = "BCELoss.forward";
    checkLossInputs(where, prediction, target);
    checkProbabilities("prediction", prediction);
    checkProbabilities("target", target);
    const weight = broadcastWeights(where, "weight", this.weight, prediction.shape);
    const { reduction } = this;
    return pointwise(prediction, target, { where, kind: "bce", reduction }, [weight, null]);
  }
}

/** Makes every run check that host data for a BCELoss is from 0 to 1. */
function checkProbabilities(what: string, tensor: Tensor): void {
  checkOnTheWayIn(tensor, (values) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value >= 0 && value <= 1) continue;
      return `every ${what} of BCELoss must be a probability from 0 to 1, got ${value} at index ${i}; use BCEWithLogitsLoss for logits`;
    }
    return null;
  });
}

export interface BCEWithLogitsLossOptions extends BCELossOptions {
  /** Factor of the positive part, y·log σ(x); broadcast to the prediction's shape. Default none. */
  readonly posWeight?: LossWeights;
}

/**
 * Binary cross-entropy of logits, -p·y·log σ(x) - (1 - y)·log(1 - σ(x)), as `torch.nn.BCEWithLogitsLoss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html). Accurate for large logits.
 *
 * @example
 * const criterion = new nn.BCEWithLogitsLoss();
 * const loss = criterion.forward(logits, y); // both [N, 1], y from 0 to 1: a scalar
 */
export class BCEWithLogitsLoss extends Module {
  readonly reduction: Reduction;
  readonly #weight: Buffer | null;
  readonly #posWeight: Buffer | null;

  constructor(options: BCEWithLogitsLossOptions = {}, ...more: never[]) {
    super();
    this.reduction = checkLossOptions("BCEWithLogitsLoss", options, more, ["weight", "posWeight"]);
    this.#weight = weightBuffer("BCEWithLogitsLoss", "weight", options.weight);
    this.#posWeight = weightBuffer("BCEWithLogitsLoss", "posWeight", options.posWeight);
    if (this.#weight) this.registerBuffer("weight", this.#weight);
    if (this.#posWeight) this.registerBuffer("pos_weight", this.#posWeight);
  }

  /** Not learned; in the state dict. */
  get weight(): Buffer | null {
    return this.#weight;
  }

  /** Not learned; in the state dict as `pos_weight`. */
  get posWeight(): Buffer | null {
    return this.#posWeight;
  }

  /** @param target From 0 to 1, of the same shape as the logits. @returns A scalar, or a loss of each element. */
  forward(prediction: Tensor, target: Tensor): Tensor {
    const where = "BCEWithLogitsLoss.forward";
    checkLossInputs(where, prediction, target);
    const { reduction } = this;
    return pointwise(prediction, target, { where, kind: "bceWithLogits", reduction }, [
      broadcastWeights(where, "weight", this.#weight, prediction.shape),
      broadcastWeights(where, "posWeight", this.#posWeight, prediction.shape),
    ]);
  }
}
