import { checkBoolean, checkNumber, checkOptions, show } from "../checks.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { checkOnTheWayIn } from "../graph/input-checks.ts";
import { apply, type Tensor } from "../graph/tensor.ts";
import { where } from "../graph/where.ts";
import type { Reduction } from "../ops/loss/pointwise-loss.ts";
import { elementwise } from "../ops/tensor/pointwise.ts";
import { sameShape, showShape } from "../shape.ts";
import { checkLossInputs, checkLossOptions, type LossOptions } from "./loss.ts";
import { Module } from "./module.ts";

function checkSameShape(what: string, prediction: Tensor, target: Tensor): void {
  if (sameShape(prediction.shape, target.shape)) return;
  throw new ShapeError(
    `${what}: prediction and target must have the same shape, got ${showShape(prediction.shape)} and ${showShape(target.shape)}`,
  );
}

const reduce = (losses: Tensor, reduction: Reduction) =>
  reduction === "none" ? losses : losses[reduction]();

export interface GaussianNLLLossOptions extends LossOptions {
  /** Whether to add the constant log(2π)/2. Default false. */
  readonly full?: boolean;
  /** Least variance. Default 1e-6. */
  readonly eps?: number;
}

/**
 * Negative log-likelihood of a normal distribution, (log v + (x - y)²/v)/2 with v = max(variance, eps), as `torch.nn.GaussianNLLLoss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html).
 *
 * @example
 * const criterion = new nn.GaussianNLLLoss();
 * const variance = new nn.Softplus().forward(output); // above 0
 * const loss = criterion.forward(prediction, y, variance); // all [N, 1]: a scalar
 */
export class GaussianNLLLoss extends Module {
  readonly full: boolean;
  readonly eps: number;
  readonly reduction: Reduction;

  constructor(options: GaussianNLLLossOptions = {}, ...more: never[]) {
    super();
    this.reduction = checkLossOptions("GaussianNLLLoss", options, more, ["full", "eps"]);
    const { full = false, eps = 1e-6 } = options;
    checkBoolean("GaussianNLLLoss", "full", full);
    checkNumber("GaussianNLLLoss", "eps", eps, "more than 0", (n) => n > 0);
    this.full = full;
    this.eps = eps;
  }

  /**
   * @param target Of the prediction's shape.
   * @param variance Of the prediction's shape, or with 1 for its last size, or without it. Host data below 0 throws when a step runs.
   * @returns A scalar, or a loss for each element.
   */
  forward(prediction: Tensor, target: Tensor, variance: Tensor): Tensor {
    const what = "GaussianNLLLoss.forward";
    checkLossInputs(what, prediction, target);
    checkLossInputs(what, prediction, variance);
    checkSameShape(what, prediction, target);
    const rows = prediction.shape.slice(0, -1);
    const given = sameShape(variance.shape, rows) ? variance.unsqueeze(-1) : variance;
    if (!sameShape(given.shape, prediction.shape) && !sameShape(given.shape, [...rows, 1])) {
      throw new ShapeError(
        `${what}: variance must have the shape of the prediction, ${showShape(prediction.shape)}, or 1 for its last size, or lack it, ` +
          `got ${showShape(variance.shape)}`,
      );
    }
    checkOnTheWayIn(variance, (values) => {
      const i = Array.from(values).findIndex((value) => value < 0);
      return i < 0 ? null : `every variance must be at least 0, got ${values[i]} at index ${i}`;
    });
    const [v] = apply(what, elementwise, [given], { kind: "atLeast", p: this.eps });
    const likelihood = prediction.sub(target).square().div(v!).add(v!.log()).mul(0.5);
    return reduce(this.full ? likelihood.add(0.5 * Math.log(2 * Math.PI)) : likelihood, this.reduction);
  }
}

/** Options of {@link KLDivLoss}. */
export interface KLDivLossOptions {
  /** `"batchmean"` is the sum divided by the first size, which is the mathematical definition. Default "mean". */
  readonly reduction?: Reduction | "batchmean";
  /** Whether the target is a logarithm too. Default false. */
  readonly logTarget?: boolean;
}

/**
 * Kullback-Leibler divergence, y·(log y - x) of log-probabilities x and probabilities y, as `torch.nn.KLDivLoss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html).
 *
 * @example
 * const criterion = new nn.KLDivLoss({ reduction: "batchmean" });
 * const loss = criterion.forward(logits.logSoftmax(1), y); // both [N, C], y probabilities: a scalar
 */
export class KLDivLoss extends Module {
  readonly reduction: Reduction | "batchmean";
  readonly logTarget: boolean;

  constructor(options: KLDivLossOptions = {}, ...more: never[]) {
    super();
    checkOptions("KLDivLoss", options, ["reduction", "logTarget"], more);
    const { reduction = "mean", logTarget = false } = options;
    if (!["mean", "sum", "none", "batchmean"].includes(reduction)) {
      throw new OptionError(
        `KLDivLoss: reduction must be "batchmean", "mean", "sum" or "none", got ${show(reduction)}`,
      );
    }
    checkBoolean("KLDivLoss", "logTarget", logTarget);
    this.reduction = reduction;
    this.logTarget = logTarget;
  }

  /** @returns A scalar, or the summand of each element. Both tensors must have the same shape. */
  forward(prediction: Tensor, target: Tensor): Tensor {
    const what = "KLDivLoss.forward";
    checkLossInputs(what, prediction, target);
    checkSameShape(what, prediction, target);
    // 0·log 0 counts as 0.
    const losses = this.logTarget
      ? target.exp().mul(target.sub(prediction))
      : where(target.eq(0), 0, target.mul(target.log())).sub(target.mul(prediction));
    if (this.reduction !== "batchmean") return reduce(losses, this.reduction);
    return losses.sum().div(prediction.shape[0] ?? 1);
  }
}
