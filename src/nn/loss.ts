import { checkOptions, OptionError, show } from "../errors.ts";
import { apply, type Tensor } from "../graph/tensor.ts";
import { mse } from "../ops/mse.ts";
import { Module } from "./module.ts";

export interface LossOptions {
  /** Whether to take the mean over all elements or their sum. Default "mean". */
  readonly reduction?: "mean" | "sum";
}

/**
 * Mean of squared errors, as `torch.nn.MSELoss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html).
 */
export class MSELoss extends Module {
  readonly reduction: "mean" | "sum";

  constructor(options: LossOptions = {}) {
    super();
    checkOptions("MSELoss", options, ["reduction"]);
    const { reduction = "mean" } = options;
    if (reduction !== "mean" && reduction !== "sum") {
      throw new OptionError(`MSELoss: reduction must be "mean" or "sum", got ${show(reduction)}`);
    }
    this.reduction = reduction;
  }

  /** @returns A scalar. Both tensors have the same shape; there is no broadcasting. */
  forward(prediction: Tensor, target: Tensor): Tensor {
    return apply("MSELoss.forward", mse, [prediction, target], { reduction: this.reduction })[0]!;
  }
}
