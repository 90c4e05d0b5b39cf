import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Module } from "./module.ts";

/**
 * max(x, 0), as `torch.nn.ReLU` (https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html).
 *
 * @example
 * const mlp = new nn.Sequential(new nn.Linear(8, 64), new nn.ReLU(), new nn.Linear(64, 1));
 * const y = new nn.ReLU().forward(x); // of x's shape
 * const same = x.relu(); // without a layer
 */
export class ReLU extends Module {
  /** @param x Any shape. @returns The same shape. */
  forward(x: Tensor): Tensor {
    return x.relu();
  }
}

/**
 * The hyperbolic tangent, as `torch.nn.Tanh` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html).
 *
 * @example
 * const squashed = new nn.Tanh().forward(x); // of x's shape, from -1 to 1
 * const same = x.tanh(); // without a layer
 */
export class Tanh extends Module {
  /** @param x Any shape. @returns The same shape. */
  forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/**
 * 1/(1 + exp(-x)), as `torch.nn.Sigmoid` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html).
 *
 * @example
 * const probability = new nn.Sigmoid().forward(logits); // of the same shape, from 0 to 1
 * const same = logits.sigmoid(); // without a layer
 */
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
 *
 * @example
 * const softmax = new nn.Softmax(1);
 * const p = softmax.forward(logits); // [N, C]; each row sums to 1
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
 *
 * @example
 * const p = new nn.LogSoftmax(1).forward(logits); // [N, C]: log-probabilities
 * const loss = new nn.NLLLoss().forward(p, y); // y [N]: classes
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

/**
 * Merges dimensions, as `torch.nn.Flatten` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html).
 *
 * @example
 * const rows = new nn.Flatten().forward(x); // [N, C, L] to [N, C·L]
 * const steps = new nn.Flatten(0, 1).forward(x); // [T, N, H] to [T·N, H]
 */
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
