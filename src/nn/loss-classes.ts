import { checkNumber } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import { checkIndices } from "../graph/input-checks.ts";
import type { Buffer } from "../graph/parameter.ts";
import { apply, type Tensor } from "../graph/tensor.ts";
import { crossEntropy } from "../ops/loss/cross-entropy.ts";
import type { Reduction } from "../ops/loss/pointwise-loss.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import { checkLossInputs, checkLossOptions, type LossOptions } from "./loss.ts";
import { type LossWeights, weightBuffer } from "./loss-weights.ts";
import { Module } from "./module.ts";

export interface NLLLossOptions extends LossOptions {
  /** A factor for each class, [C]. Default none. */
  readonly weight?: LossWeights;
  /** Target of elements to ignore. Default -100. */
  readonly ignoreIndex?: number;
}

export interface CrossEntropyLossOptions extends NLLLossOptions {
  /** How much of each target is spread evenly over all classes, from 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
}

/** Shape of the class indices for a shape of scores: without the class dimension. */
function targetShape(where: string, shape: Shape): Shape {
  if (shape.length === 0) {
    throw new ShapeError(`${where}: prediction must be [N, C], [N, C, d1, …] or [C], got a scalar`);
  }
  return shape.length === 1 ? [] : [shape[0]!, ...shape.slice(2)];
}

/** Shared by the two class losses: class weights, and an ignored class. */
abstract class ClassLoss extends Module {
  readonly reduction: Reduction;
  /** [C], not learned; in the state dict. */
  readonly weight: Buffer | null;
  readonly ignoreIndex: number;

  constructor(
    where: string,
    options: NLLLossOptions,
    more: readonly never[],
    others: readonly string[] = [],
  ) {
    super();
    this.reduction = checkLossOptions(where, options, more, [...others, "weight", "ignoreIndex"]);
    const { weight, ignoreIndex = -100 } = options;
    this.weight = weightBuffer(where, "weight", weight);
    const limit = 2 ** 24;
    checkNumber(where, "ignoreIndex", ignoreIndex, "an integer from -2^24 to 2^24", (n) => {
      return Number.isInteger(n) && Math.abs(n) <= limit;
    });
    this.ignoreIndex = ignoreIndex;
  }

  protected lossOf(
    where: string,
    scores: Tensor,
    target: Tensor,
    kind: {
      readonly normalized: boolean;
      readonly labelSmoothing: number;
      readonly takesProbabilities: boolean;
    },
  ): Tensor {
    checkLossInputs(where, scores, target);
    const { reduction, weight, ignoreIndex } = this;
    const wanted = targetShape(where, scores.shape);
    const classes = scores.shape[scores.shape.length === 1 ? 0 : 1]!;
    const probabilities = kind.takesProbabilities && sameShape(target.shape, scores.shape);
    if (!probabilities && !sameShape(target.shape, wanted)) {
      const or = kind.takesProbabilities ? `, or be probabilities ${showShape(scores.shape)}` : "";
      throw new ShapeError(
        `${where}: for scores ${showShape(scores.shape)} the target must be class indices ${showShape(wanted)}${or}, got ` +
          `${showShape(target.shape)}; the classes are ${scores.shape.length === 1 ? "the only" : "the second"} dimension`,
      );
    }
    if (weight && !sameShape(weight.shape, [classes])) {
      throw new ShapeError(
        `${where}: weight must hold one value for each of the ${classes} classes, [${classes}], got ${showShape(weight.shape)}`,
      );
    }
    if (!probabilities) checkIndices(target, "class index", classes, ignoreIndex);
    const { normalized, labelSmoothing } = kind;
    const attributes = { normalized, probabilities, ignoreIndex, labelSmoothing, reduction };
    return apply(where, crossEntropy, [scores, target, weight], attributes)[0]!;
  }
}

/**
 * Cross-entropy of logits and classes, as `torch.nn.CrossEntropyLoss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html). One kernel computes softmax, loss and the logits'
 * gradient. The mean over class indices is weighted: it divides by the sum of the weights of all targets that are not ignored.
 *
 * @example
 * const criterion = new nn.CrossEntropyLoss({ ignoreIndex: -100, labelSmoothing: 0.1 });
 * const loss = criterion.forward(logits, ids); // logits [N, C], ids [N]: a scalar
 * const ofText = criterion.forward(output.transpose(1, 2), ids); // output [N, T, C], ids [N, T]
 */
export class CrossEntropyLoss extends ClassLoss {
  readonly labelSmoothing: number;

  constructor(options: CrossEntropyLossOptions = {}, ...more: never[]) {
    super("CrossEntropyLoss", options, more, ["labelSmoothing"]);
    const { labelSmoothing = 0 } = options;
    checkNumber("CrossEntropyLoss", "labelSmoothing", labelSmoothing, "from 0 to 1", (n) => n >= 0 && n <= 1);
    this.labelSmoothing = labelSmoothing;
  }

  /**
   * @param prediction Logits [N, C], [N, C, d1, …] or [C].
   * @param target Class indices [N], [N, d1, …] or [], or probabilities shaped like the logits. An index that is neither a
   * class nor `ignoreIndex` throws when a step runs if it comes from the host, and gives NaN if it was computed on the GPU.
   * @returns A scalar, or losses shaped like class indices.
   */
  forward(prediction: Tensor, target: Tensor): Tensor {
    const { labelSmoothing } = this;
    const kind = { normalized: false, labelSmoothing, takesProbabilities: true };
    return this.lossOf("CrossEntropyLoss.forward", prediction, target, kind);
  }
}

/**
 * Negative log-likelihood of classes, as `torch.nn.NLLLoss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html).
 *
 * @example
 * const criterion = new nn.NLLLoss();
 * const loss = criterion.forward(logits.logSoftmax(1), y); // [N, C], and the classes [N]: a scalar
 */
export class NLLLoss extends ClassLoss {
  constructor(options: NLLLossOptions = {}, ...more: never[]) {
    super("NLLLoss", options, more);
  }

  /**
   * @param prediction Log-probabilities, such as logSoftmax returns: [N, C], [N, C, d1, …] or [C].
   * @param target Class indices [N], [N, d1, …] or []; checked as in CrossEntropyLoss.
   * @returns A scalar, or losses shaped like the target.
   */
  forward(prediction: Tensor, target: Tensor): Tensor {
    const kind = { normalized: true, labelSmoothing: 0, takesProbabilities: false };
    return this.lossOf("NLLLoss.forward", prediction, target, kind);
  }
}
