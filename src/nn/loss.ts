import { checkNumber, checkOptions, show } from "../checks.ts";
import { GraphError, OptionError } from "../errors.ts";
import { apply, Tensor } from "../graph/tensor.ts";
import { type PointwiseLossAttributes, pointwiseLoss, type Reduction } from "../ops/loss/pointwise-loss.ts";
import { Module } from "./module.ts";

export type { Reduction };

/** Options of all losses. */
export interface LossOptions {
  /** Mean over all elements, their sum, or no reduction. Default "mean". */
  readonly reduction?: Reduction;
}

/** Checks the options of a loss and returns its reduction. */
export function checkLossOptions(
  where: string,
  options: LossOptions,
  more: readonly never[],
  others: readonly string[] = [],
): Reduction {
  checkOptions(where, options, [...others, "reduction"], more);
  const { reduction = "mean" } = options;
  if (reduction !== "mean" && reduction !== "sum" && reduction !== "none") {
    throw new OptionError(`${where}: reduction must be "mean", "sum" or "none", got ${show(reduction)}`);
  }
  return reduction;
}

/** Throws a GraphError for inputs that a loss does not support. */
export function checkLossInputs(where: string, prediction: unknown, target: unknown): void {
  for (const [name, value] of Object.entries({ prediction, target })) {
    if (!(value instanceof Tensor)) {
      throw new GraphError(
        `${where}: ${name} must be a tensor, got ${show(value)}; call it inside a traced function, and give data as the ` +
          "step's inputs",
      );
    }
  }
}

/** Records an elementwise loss. */
export function pointwise(
  prediction: Tensor,
  target: Tensor,
  attributes: PointwiseLossAttributes,
  weights: readonly (Tensor | null)[] = [],
): Tensor {
  checkLossInputs(attributes.where, prediction, target);
  return apply(attributes.where, pointwiseLoss, [prediction, target, ...weights], attributes)[0]!;
}

/**
 * Mean of squared errors, as `torch.nn.MSELoss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html).
 *
 * @example
 * const criterion = new nn.MSELoss();
 * const loss = criterion.forward(prediction, y); // both [N, 1]: a scalar
 * const each = new nn.MSELoss({ reduction: "none" }).forward(prediction, y); // [N, 1]
 */
export class MSELoss extends Module {
  readonly reduction: Reduction;

  constructor(options: LossOptions = {}, ...more: never[]) {
    super();
    this.reduction = checkLossOptions("MSELoss", options, more);
  }

  /** @returns A scalar, or a loss for each element. Both tensors must have the same shape; there is no broadcasting. */
  forward(prediction: Tensor, target: Tensor): Tensor {
    const { reduction } = this;
    return pointwise(prediction, target, { where: "MSELoss.forward", kind: "squared", reduction });
  }
}

/**
 * Mean of absolute errors, as `torch.nn.L1Loss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html).
 *
 * @example
 * const criterion = new nn.L1Loss();
 * const loss = criterion.forward(prediction, y); // both [N, 1]: a scalar
 */
export class L1Loss extends Module {
  readonly reduction: Reduction;

  constructor(options: LossOptions = {}, ...more: never[]) {
    super();
    this.reduction = checkLossOptions("L1Loss", options, more);
  }

  /** @returns A scalar, or a loss for each element. Both tensors must have the same shape; there is no broadcasting. */
  forward(prediction: Tensor, target: Tensor): Tensor {
    const { reduction } = this;
    return pointwise(prediction, target, { where: "L1Loss.forward", kind: "absolute", reduction });
  }
}

export interface SmoothL1LossOptions extends LossOptions {
  /** Errors below this are quadratic, at least 0; 0 makes it the L1 loss. Default 1. */
  readonly beta?: number;
}

/**
 * e²/(2·beta) for errors e below beta, |e| - beta/2 for others; with a beta of 0 it is {@link L1Loss}, as `torch.nn.SmoothL1Loss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html).
 *
 * @example
 * const criterion = new nn.SmoothL1Loss({ beta: 0.5 });
 * const loss = criterion.forward(prediction, y); // both [N, 1]: a scalar
 */
export class SmoothL1Loss extends Module {
  readonly reduction: Reduction;
  readonly beta: number;

  constructor(options: SmoothL1LossOptions = {}, ...more: never[]) {
    super();
    this.reduction = checkLossOptions("SmoothL1Loss", options, more, ["beta"]);
    const { beta = 1 } = options;
    checkNumber("SmoothL1Loss", "beta", beta, "at least 0", (n) => n >= 0);
    this.beta = beta;
  }

  /** @returns A scalar, or a loss for each element. Both tensors must have the same shape; there is no broadcasting. */
  forward(prediction: Tensor, target: Tensor): Tensor {
    const { reduction, beta: parameter } = this;
    const where = "SmoothL1Loss.forward";
    const kind = parameter === 0 ? "absolute" : "smooth";
    return pointwise(prediction, target, { where, kind, parameter, reduction });
  }
}

export interface HuberLossOptions extends LossOptions {
  /** Errors up to this are quadratic, more than 0. Default 1. */
  readonly delta?: number;
}

/**
 * e²/2 for errors e up to delta, delta·(|e| - delta/2) for others, as `torch.nn.HuberLoss`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html).
 *
 * @example
 * const criterion = new nn.HuberLoss({ delta: 0.5 });
 * const loss = criterion.forward(prediction, y); // both [N, 1]: a scalar
 */
export class HuberLoss extends Module {
  readonly reduction: Reduction;
  readonly delta: number;

  constructor(options: HuberLossOptions = {}, ...more: never[]) {
    super();
    this.reduction = checkLossOptions("HuberLoss", options, more, ["delta"]);
    const { delta = 1 } = options;
    checkNumber("HuberLoss", "delta", delta, "more than 0", (n) => n > 0);
    this.delta = delta;
  }

  /** @returns A scalar, or a loss for each element. Both tensors must have the same shape; there is no broadcasting. */
  forward(prediction: Tensor, target: Tensor): Tensor {
    const { reduction, delta: parameter } = this;
    return pointwise(prediction, target, { where: "HuberLoss.forward", kind: "huber", parameter, reduction });
  }
}
