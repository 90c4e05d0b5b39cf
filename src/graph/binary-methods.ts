import { checkNoMore, checkNumber, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { choose, comparison, elementwise, pair } from "../ops/tensor/pointwise.ts";
import { broadcastShape, checkTensor, expandTo, record, type Value } from "./functions.ts";
import { PointwiseMethods } from "./pointwise-methods.ts";

type Kind = Parameters<NonNullable<typeof pair.forward>>[1]["kind"];

/** A function of two tensors with broadcasting, or of a tensor and a number, which may be infinite. */
export function combine<T extends Value<T>>(kind: Kind, a: T, b: T | number, more: readonly never[]): T {
  const where = `Tensor.${kind}`;
  const op = kind === "pow" || kind === "maximum" || kind === "minimum" ? pair : comparison;
  checkNoMore(where, more);
  if (typeof b === "number") return record(where, op, [a], { kind, number: b });
  checkTensor(where, b, "a number or a tensor");
  const shape = broadcastShape(where, a.shape, b.shape);
  return record(where, op, [expandTo(where, a, shape), expandTo(where, b, shape)], { kind });
}

/** Elements of `a` where `condition` is not 0, else of `b`, with broadcasting. One of the two may be a number. */
export function select<T extends Value<T>>(where: string, condition: T, a: T | number, b: T | number): T {
  checkTensor(where, condition);
  let { shape } = condition;
  for (const side of [a, b]) {
    if (typeof side === "number") continue;
    checkTensor(where, side, "a number or a tensor");
    shape = broadcastShape(where, shape, side.shape);
  }
  const tensor = (side: T | number) => (typeof side === "number" ? null : expandTo(where, side, shape));
  const number = (side: T | number) => (typeof side === "number" ? side : 0);
  const inputs = [expandTo(where, condition, shape), tensor(a), tensor(b)] as const;
  return record(where, choose, inputs, { numbers: [number(a), number(b)] });
}

/** Methods of Tensor that combine two tensors element by element, broadcast as in PyTorch. Comparisons give 1 or 0 and have no gradient. */
export abstract class BinaryMethods<T extends Value<T>> extends PointwiseMethods<T> {
  /** The larger of both; NaN if either is. Equal elements share the gradient. */
  maximum(this: T, other: T, ...more: never[]): T {
    checkTensor("Tensor.maximum", other);
    return combine("maximum", this, other, more);
  }

  /** The smaller of both; NaN if either is. Equal elements share the gradient. */
  minimum(this: T, other: T, ...more: never[]): T {
    checkTensor("Tensor.minimum", other);
    return combine("minimum", this, other, more);
  }

  /** this to the power of `exponent`. */
  pow(this: T, exponent: T | number, ...more: never[]): T {
    if (typeof exponent !== "number") return combine("pow", this, exponent, more);
    checkNoMore("Tensor.pow", more);
    checkNumber("Tensor.pow", "exponent", exponent, "finite", () => true);
    return record("Tensor.pow", elementwise, [this], { kind: "pow", p: exponent });
  }

  /** 1 where this = other, else 0. */
  eq(this: T, other: T | number, ...more: never[]): T {
    return combine("eq", this, other, more);
  }

  /** 1 where this ≠ other, else 0. */
  ne(this: T, other: T | number, ...more: never[]): T {
    return combine("ne", this, other, more);
  }

  /** 1 where this < other, else 0. */
  lt(this: T, other: T | number, ...more: never[]): T {
    return combine("lt", this, other, more);
  }

  /** 1 where this ≤ other, else 0. */
  le(this: T, other: T | number, ...more: never[]): T {
    return combine("le", this, other, more);
  }

  /** 1 where this > other, else 0. */
  gt(this: T, other: T | number, ...more: never[]): T {
    return combine("gt", this, other, more);
  }

  /** 1 where this ≥ other, else 0. */
  ge(this: T, other: T | number, ...more: never[]): T {
    return combine("ge", this, other, more);
  }

  /** This where `condition` is not 0, else `other`. */
  where(this: T, condition: T, other: T | number, ...more: never[]): T {
    checkNoMore("Tensor.where", more);
    return select("Tensor.where", condition, this, other);
  }

  /** `value` where `mask` is not 0, else this. -Infinity is a value like others: a softmax gives it no share. */
  maskedFill(this: T, mask: T, value: number, ...more: never[]): T {
    checkNoMore("Tensor.maskedFill", more);
    if (typeof value !== "number") {
      throw new OptionError(`Tensor.maskedFill: value must be a number, got ${show(value)}`);
    }
    return select("Tensor.maskedFill", mask, value, this);
  }
}
