import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Module } from "./module.ts";

/** max(x, 0), as `torch.nn.ReLU` (https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html). */
export class ReLU extends Module {
  /** @param x Any shape. @returns The same shape. */
  forward(x: Tensor): Tensor {
    return x.relu();
  }
}

/** The hyperbolic tangent, as `torch.nn.Tanh` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html). */
export class Tanh extends Module {
  /** @param x Any shape. @returns The same shape. */
  forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** 1/(1 + exp(-x)), as `torch.nn.Sigmoid` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html). */
export class Sigmoid extends Module {
  /** @param x Any shape. @returns The same shape. */
  forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

function checkDim(where: string, dim: unknown): asserts dim is number {
  if (Number.isInteger(dim)) return;
  throw new OptionError(`${where}: dim must be an integer, the dimension that sums to 1, got ${show(dim)}`);
}

/**
 * exp(x) divided by its sum along `dim`, as `torch.nn.Softmax`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html). The dimension is required.
 */
export class Softmax extends Module {
  readonly dim: number;

  constructor(dim: number, ...more: never[]) {
    super(...more);
    checkDim("Softmax", dim);
    this.dim = dim;
  }

  /** @param x Any shape. @returns The same shape. */
  forward(x: Tensor): Tensor {
    return x.softmax(this.dim);
  }
}

/**
 * The logarithm of softmax, as `torch.nn.LogSoftmax`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html). The dimension is required.
 */
export class LogSoftmax extends Module {
  readonly dim: number;

  constructor(dim: number, ...more: never[]) {
    super(...more);
    checkDim("LogSoftmax", dim);
    this.dim = dim;
  }

  /** @param x Any shape. @returns The same shape. */
  forward(x: Tensor): Tensor {
    return x.logSoftmax(this.dim);
  }
}

/** Merges dimensions, as `torch.nn.Flatten` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html). */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  /** By default the first dimension, the batch, stays. */
  constructor(startDim = 1, endDim = -1, ...more: never[]) {
    super(...more);
    for (const [name, dim] of Object.entries({ startDim, endDim })) {
      if (!Number.isInteger(dim))
        throw new OptionError(`Flatten: ${name} must be an integer, got ${show(dim)}`);
    }
    this.startDim = startDim;
    this.endDim = endDim;
  }

  /** @param x At least two dimensions by default. @returns Fewer dimensions, the same elements. */
  forward(x: Tensor): Tensor {
    return x.flatten(this.startDim, this.endDim);
  }
}
