import { checkNumber, checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { apply, type Tensor } from "../graph/tensor.ts";
import { elementwise } from "../ops/tensor/pointwise.ts";
import { Module } from "./module.ts";

type Kind = Parameters<NonNullable<typeof elementwise.forward>>[1]["kind"];

/** An activation that is an elementwise function with up to two numbers. */
abstract class Activation extends Module {
  readonly #kind: Kind;
  readonly #numbers: readonly number[];

  constructor(kind: Kind, numbers: Readonly<Record<string, number>>, more: readonly never[]) {
    super(...more);
    const list = Object.entries(numbers);
    for (const [name, n] of list) checkNumber(this.constructor.name, name, n, "a finite number", () => true);
    this.#kind = kind;
    this.#numbers = Object.values(numbers);
  }

  /** @param x Any shape. @returns The same shape. */
  forward(x: Tensor): Tensor {
    const [p = 0, q = 0] = this.#numbers;
    return apply(`${this.constructor.name}.forward`, elementwise, [x], { kind: this.#kind, p, q })[0]!;
  }
}

/** Options of {@link GELU}. */
export interface GeluOptions {
  /** `"tanh"` approximates the normal distribution by a hyperbolic tangent. Default `"none"`. */
  readonly approximate?: "none" | "tanh";
}

/**
 * x·Φ(x), Φ the normal distribution, as `torch.nn.GELU` (https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html).
 *
 * @example
 * const y = new nn.GELU().forward(x); // of x's shape
 * const fast = new nn.GELU({ approximate: "tanh" }).forward(x);
 */
export class GELU extends Activation {
  constructor(options: GeluOptions = {}, ...more: never[]) {
    checkOptions("GELU", options, ["approximate"], more);
    const { approximate = "none" } = options;
    if (approximate !== "none" && approximate !== "tanh") {
      throw new OptionError(`GELU: approximate must be "none" or "tanh", got ${show(approximate)}`);
    }
    super(approximate === "none" ? "gelu" : "geluTanh", {}, more);
  }
}

/**
 * x·sigmoid(x), as `torch.nn.SiLU` (https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html).
 *
 * @example
 * const mlp = new nn.Sequential(new nn.Linear(8, 64), new nn.SiLU(), new nn.Linear(64, 1));
 * const y = new nn.SiLU().forward(x); // of x's shape
 */
export class SiLU extends Activation {
  constructor(...more: never[]) {
    super("silu", {}, more);
  }
}

/**
 * x, times `negativeSlope` below 0, as `torch.nn.LeakyReLU` (https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html).
 *
 * @example
 * const y = new nn.LeakyReLU(0.1).forward(x); // of x's shape: x, or 0.1·x below 0
 */
export class LeakyReLU extends Activation {
  constructor(negativeSlope = 0.01, ...more: never[]) {
    super("leakyRelu", { negativeSlope }, more);
  }
}

/**
 * x, and `alpha`·(exp(x) - 1) below 0, as `torch.nn.ELU` (https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html).
 *
 * @example
 * const y = new nn.ELU().forward(x); // of x's shape, above -1
 */
export class ELU extends Activation {
  constructor(alpha = 1, ...more: never[]) {
    super("elu", { alpha }, more);
  }
}

/**
 * log(1 + exp(`beta`·x))/`beta`, and x where `beta`·x is above `threshold`, as `torch.nn.Softplus`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html).
 *
 * @example
 * const variance = new nn.Softplus().forward(x); // of x's shape, above 0
 */
export class Softplus extends Activation {
  constructor(beta = 1, threshold = 20, ...more: never[]) {
    super("softplus", { beta, threshold }, more);
  }
}

/**
 * x/6 + 1/2 within [0, 1], as `torch.nn.Hardsigmoid` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html).
 *
 * @example
 * const gate = new nn.Hardsigmoid().forward(x); // of x's shape, from 0 to 1
 */
export class Hardsigmoid extends Activation {
  constructor(...more: never[]) {
    super("hardsigmoid", {}, more);
  }
}

/**
 * x within [`minVal`, `maxVal`], as `torch.nn.Hardtanh` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html).
 *
 * @example
 * const y = new nn.Hardtanh(-2, 2).forward(x); // of x's shape, from -2 to 2
 */
export class Hardtanh extends Activation {
  constructor(minVal = -1, maxVal = 1, ...more: never[]) {
    super("clamp", { minVal, maxVal }, more);
    if (maxVal <= minVal) {
      throw new OptionError(`Hardtanh: maxVal must be more than minVal, got ${maxVal} and ${minVal}`);
    }
  }
}

/**
 * x·hardsigmoid(x), as `torch.nn.Hardswish` (https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html).
 *
 * @example
 * const y = new nn.Hardswish().forward(x); // of x's shape
 */
export class Hardswish extends Activation {
  constructor(...more: never[]) {
    super("hardswish", {}, more);
  }
}
