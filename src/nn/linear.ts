import { checkBoolean, checkInteger, checkOptions } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import { apply, Tensor } from "../graph/tensor.ts";
import { linear } from "../ops/layer/linear.ts";
import { showShape } from "../shape.ts";
import { drawn } from "./drawn.ts";
import { Module } from "./module.ts";

/** Options of {@link Linear}. */
export interface LinearOptions {
  /** Whether to add a learned bias. Default true. */
  readonly bias?: boolean;
}

/**
 * y = x·Wᵀ + b over the last dimension, as `torch.nn.Linear`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html).
 *
 * @example
 * const fc = new nn.Linear(64, 10);
 * const logits = fc.forward(x); // [N, T, 64] to [N, T, 10]
 * const { weight, bias } = fc; // [10, 64], [10]
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures, inFeatures] */
  readonly weight: Parameter;
  /** [outFeatures], or null. */
  readonly bias: Parameter | null;

  /**
   * @param inFeatures Last dimension of the input.
   * @param outFeatures Last dimension of the output.
   */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}, ...more: never[]) {
    super();
    checkInteger("Linear", "inFeatures", inFeatures);
    checkInteger("Linear", "outFeatures", outFeatures);
    checkOptions("Linear", options, ["bias"], more);
    const { bias = true } = options;
    checkBoolean("Linear", "bias", bias);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    // Uniform in ±1/√inFeatures: also what PyTorch's kaiming_uniform_ with the slope √5 comes to, in float32 bit for bit.
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = drawn("Linear", [outFeatures, inFeatures], bound);
    this.bias = bias ? drawn("Linear", [outFeatures], bound) : null;
  }

  /** @param x [*, inFeatures] @returns [*, outFeatures] */
  forward(x: Tensor): Tensor {
    if (x instanceof Tensor && x.shape[x.shape.length - 1] !== this.inFeatures) {
      throw new ShapeError(
        `Linear.forward: the input's last dimension must be ${this.inFeatures} (inFeatures), got ${showShape(x.shape)}`,
      );
    }
    return apply("Linear.forward", linear, [x, this.weight, this.bias], undefined)[0]!;
  }
}
