import { checkNoMore, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { elementwise } from "../ops/tensor/pointwise.ts";
import { record, type Value } from "./functions.ts";

type Kind = Parameters<NonNullable<typeof elementwise.forward>>[1]["kind"];

function map<T extends Value<T>>(kind: Kind, x: T, more: readonly never[], p = 0, q = 0): T {
  const where = `Tensor.${kind}`;
  checkNoMore(where, more);
  return record(where, elementwise, [x], { kind, p, q });
}

/** Methods of Tensor that compute a function of every element. Names, values and gradients are PyTorch's, at kinks too. */
export abstract class PointwiseMethods<T extends Value<T>> {
  /** |x|. Its gradient at 0 is 0. */
  abs(this: T, ...more: never[]): T {
    return map("abs", this, more);
  }

  /** -1, 0 or 1. Its gradient is 0. */
  sign(this: T, ...more: never[]): T {
    return map("sign", this, more);
  }

  /** √x; NaN below 0. */
  sqrt(this: T, ...more: never[]): T {
    return map("sqrt", this, more);
  }

  /** 1/√x. */
  rsqrt(this: T, ...more: never[]): T {
    return map("rsqrt", this, more);
  }

  /** x². */
  square(this: T, ...more: never[]): T {
    return map("square", this, more);
  }

  /** 1/x. */
  reciprocal(this: T, ...more: never[]): T {
    return map("reciprocal", this, more);
  }

  /** The error function, 2/√π · ∫₀ˣ exp(-t²) dt. */
  erf(this: T, ...more: never[]): T {
    return map("erf", this, more);
  }

  /** The largest integer that is not above x. Its gradient is 0. */
  floor(this: T, ...more: never[]): T {
    return map("floor", this, more);
  }

  /** The smallest integer that is not below x. Its gradient is 0. */
  ceil(this: T, ...more: never[]): T {
    return map("ceil", this, more);
  }

  /** The nearest integer; halves go to the even one. Its gradient is 0. */
  round(this: T, ...more: never[]): T {
    return map("round", this, more);
  }

  /** x without its fraction. Its gradient is 0. */
  trunc(this: T, ...more: never[]): T {
    return map("trunc", this, more);
  }

  /** The sine of x in radians. */
  sin(this: T, ...more: never[]): T {
    return map("sin", this, more);
  }

  /** The cosine of x in radians. */
  cos(this: T, ...more: never[]): T {
    return map("cos", this, more);
  }

  /** log(1 + x), accurate for small x. */
  log1p(this: T, ...more: never[]): T {
    return map("log1p", this, more);
  }

  /** exp(x) - 1, accurate for small x. */
  expm1(this: T, ...more: never[]): T {
    return map("expm1", this, more);
  }

  /**
   * x, but at least `min` and at most `max`; either may be left out. As in PyTorch 2.15, the gradient is 0 at the bounds and beyond.
   * @throws OptionError if neither is given.
   */
  clamp(this: T, min?: number, max?: number, ...more: never[]): T {
    const given = [min, max].filter((bound) => bound !== undefined);
    if (given.length === 0 || !given.every((bound) => typeof bound === "number" && !Number.isNaN(bound))) {
      throw new OptionError(
        `Tensor.clamp: min and max must be numbers, at least one of them given, got ${show(min)} and ${show(max)}`,
      );
    }
    return map("clamp", this, more, min ?? Number.NaN, max ?? Number.NaN);
  }
}
