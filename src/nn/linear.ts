import { checkBoolean, checkInteger, checkOptions } from "../errors.ts";
import { Parameter } from "../graph/parameter.ts";
import { apply, type Tensor } from "../graph/tensor.ts";
import { linear } from "../ops/linear.ts";
import { defaultGenerator } from "../random.ts";
import { Module } from "./module.ts";

export interface LinearOptions {
  /** Whether to add a learned bias. Default true. */
  readonly bias?: boolean;
}

/**
 * y = x·Wᵀ + b over the last dimension, as `torch.nn.Linear`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html).
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures, inFeatures] */
  readonly weight: Parameter;
  /** [outFeatures], or null. */
  readonly bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkInteger("Linear", "inFeatures", inFeatures);
    checkInteger("Linear", "outFeatures", outFeatures);
    checkOptions("Linear", options, ["bias"]);
    const { bias = true } = options;
    checkBoolean("Linear", "bias", bias);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    // PyTorch's kaiming_uniform_ with a = √5, in its own order of operations.
    const gain = Math.sqrt(2 / (1 + Math.sqrt(5) ** 2));
    const bound = Math.sqrt(3) * (gain / Math.sqrt(inFeatures));
    const weight = defaultGenerator.uniform_(new Float32Array(outFeatures * inFeatures), -bound, bound);
    this.weight = new Parameter([outFeatures, inFeatures], weight);
    const biasBound = 1 / Math.sqrt(inFeatures);
    this.bias = bias
      ? new Parameter(
          [outFeatures],
          defaultGenerator.uniform_(new Float32Array(outFeatures), -biasBound, biasBound),
        )
      : null;
  }

  /** @param x [*, inFeatures] @returns [*, outFeatures] */
  forward(x: Tensor): Tensor {
    return apply("Linear.forward", linear, [x, this.weight, this.bias], undefined)[0]!;
  }
}
