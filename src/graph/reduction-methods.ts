import { checkBoolean, checkInteger, checkNoMore, checkNumber, checkOptions } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import type { Op } from "../ops/op.ts";
import { scale } from "../ops/tensor/arithmetic.ts";
import { detach } from "../ops/tensor/detach.ts";
import { argExtreme, cumsum, extreme, prod, topk } from "../ops/tensor/lines.ts";
import { elementwise } from "../ops/tensor/pointwise.ts";
import { resolveDim, type Shape, showShape, sizeOf } from "../shape.ts";
import { combine } from "./binary-methods.ts";
import { arithmetic, mean, record, resolveDims, sum } from "./functions.ts";
import { type Indexed, IndexingMethods, pick } from "./indexing-methods.ts";
import { permute, reshape } from "./views.ts";

/** One dimension or several; all if not given. */
type Dims = number | readonly number[];

/** Largest or smallest elements, and their places along the dimension as float32 values. */
export interface ValuesAndIndices<T> {
  readonly values: T;
  readonly indices: T;
}

export interface VarianceOptions {
  /** What the number of elements is lessened by before it divides. Default 1. */
  readonly correction?: number;
  readonly keepdim?: boolean;
}

/** Places are float32 values. */
const MOST_PLACES = 2 ** 24;

/** The tensor with the dimensions to reduce as one, where it lies, and the shape of the result. */
function asLine<T extends Indexed<T>>(where: string, x: T, dim: Dims | undefined, keepdim: boolean) {
  checkBoolean(where, "keepdim", keepdim);
  const dims = resolveDims(where, dim, x.shape.length).sort((a, b) => a - b);
  const kept = x.shape.map((_, i) => i).filter((i) => !dims.includes(i));
  const isRun = dims.every((d, i) => d === dims[0]! + i);
  const at = isRun ? (dims[0] ?? 0) : kept.length;
  const sizes = kept.map((i) => x.shape[i]!);
  const size = sizeOf(x.shape) / sizeOf(sizes);
  const line = reshape(isRun ? x : permute(x, [...kept, ...dims]), [
    ...sizes.slice(0, at),
    size,
    ...sizes.slice(at),
  ]);
  const shape: Shape = keepdim ? x.shape.map((n, i) => (dims.includes(i) ? 1 : n)) : sizes;
  return { line, at, shape };
}

/** The largest or smallest element over dimensions; the elements that equal it share the gradient. */
function extremeOver<T extends Indexed<T>>(
  where: string,
  x: T,
  smallest: boolean,
  dim: Dims | undefined,
  keepdim: boolean,
  sharesNaN = false,
): T {
  const { line, at, shape } = asLine(where, x, dim, keepdim);
  return reshape(record(where, extreme, [line], { dim: at, smallest, sharesNaN }), shape);
}

/** The places of largest or smallest elements along a dimension. */
function placesIn<T extends Indexed<T>, A extends { readonly dim: number }>(
  where: string,
  op: Op<A>,
  line: T,
  attributes: A,
): T {
  const size = line.shape[attributes.dim]!;
  if (size > MOST_PLACES) {
    throw new ShapeError(
      `${where}: float32 indices tell at most ${MOST_PLACES} elements apart, got ${size} in ${showShape(line.shape)}`,
    );
  }
  return record(where, op, [line], attributes);
}

/** The place of the first largest or smallest element. */
function placeOver<T extends Indexed<T>>(
  where: string,
  x: T,
  smallest: boolean,
  dim: number | undefined,
  keepdim: boolean,
): T {
  const { line, at, shape } = asLine(where, x, dim, keepdim);
  return reshape(placesIn(where, argExtreme, line, { dim: at, smallest }), shape);
}

/** Tensor.max and Tensor.min. */
function extremes<T extends Indexed<T>>(
  where: string,
  x: T,
  smallest: boolean,
  of: T | number | undefined,
  keepdim: boolean,
  more: readonly never[],
): T | ValuesAndIndices<T> {
  checkNoMore(where, more);
  if (of === undefined) return extremeOver(where, x, smallest, of, keepdim, true);
  if (typeof of === "object") return combine(smallest ? "minimum" : "maximum", x, of, []);
  const { line, at, shape } = asLine(where, x, of, keepdim);
  const indices = placesIn(where, argExtreme, line, { dim: at, smallest });
  return { values: reshape(pick(where, line, at, indices), shape), indices: reshape(indices, shape) };
}

/** Tensor.var: the mean squared distance from the mean. */
function variance<T extends Indexed<T>>(
  where: string,
  x: T,
  dim: Dims | undefined,
  options: VarianceOptions,
  more: readonly never[],
): T {
  checkOptions(where, options, ["correction", "keepdim"], more);
  const { correction = 1, keepdim = false } = options;
  checkNumber(where, "correction", correction, "a finite number", () => true);
  // The distances add up to 0, so nothing of the gradient goes through the mean.
  const fixed = (tensor: T) => record(where, detach, [tensor], undefined);
  const center = fixed(mean(x, dim, true));
  const divisor = sizeOf(x.shape) / sizeOf(center.shape) - correction;
  let distances = arithmetic("sub", x, center, []);
  // PyTorch's value has no negative divisor, but its gradient over dims has.
  let slope = 1 / divisor;
  if (divisor <= 0 && (dim === undefined || x.shape.length === 0)) {
    // PyTorch's gradient then is +∞, or NaN where x is the mean: as of ∞ times 1 or 0 for each element.
    const one = arithmetic("add", arithmetic("sub", x, fixed(x), []), 1, []);
    distances = arithmetic("mul", combine("ne", x, center, []), one, []);
    slope = Infinity;
  } else distances = record(where, elementwise, [distances], { kind: "square" });
  const total = sum(where, distances, dim, keepdim);
  return record(where, scale, [total], { factor: 1 / Math.max(0, divisor), slope });
}

/** Methods of Tensor over dimensions. `dim` may count from the end; `keepdim` keeps it with size 1. NaN counts as the extreme. */
export abstract class ReductionMethods<T extends Indexed<T>> extends IndexingMethods<T> {
  /** The largest element over one or several dimensions, or all. Equal elements share the gradient. */
  amax(this: T, dim?: Dims, keepdim = false, ...more: never[]): T {
    checkNoMore("Tensor.amax", more);
    return extremeOver("Tensor.amax", this, false, dim, keepdim);
  }

  /** The smallest element over one or several dimensions, or all. Equal elements share the gradient. */
  amin(this: T, dim?: Dims, keepdim = false, ...more: never[]): T {
    checkNoMore("Tensor.amin", more);
    return extremeOver("Tensor.amin", this, true, dim, keepdim);
  }

  /**
   * The largest element; with `dim` those along it and their places, of equal ones the first, which gets the gradient; with a tensor
   * {@link maximum}.
   */
  max(this: T): T;
  max(this: T, other: T): T;
  max(this: T, dim: number, keepdim?: boolean): ValuesAndIndices<T>;
  max(this: T, of?: T | number, keepdim = false, ...more: never[]): T | ValuesAndIndices<T> {
    return extremes("Tensor.max", this, false, of, keepdim, more);
  }

  /**
   * The smallest element; with `dim` those along it and their places, of equal ones the first, which gets the gradient; with a tensor
   * {@link minimum}.
   */
  min(this: T): T;
  min(this: T, other: T): T;
  min(this: T, dim: number, keepdim?: boolean): ValuesAndIndices<T>;
  min(this: T, of?: T | number, keepdim = false, ...more: never[]): T | ValuesAndIndices<T> {
    return extremes("Tensor.min", this, true, of, keepdim, more);
  }

  /** The place of the first largest element along `dim`, or in the flattened tensor, as a float32 value. It has no gradient. */
  argmax(this: T, dim?: number, keepdim = false, ...more: never[]): T {
    checkNoMore("Tensor.argmax", more);
    return placeOver("Tensor.argmax", this, false, dim, keepdim);
  }

  /** The place of the first smallest element along `dim`, or in the flattened tensor, as a float32 value. It has no gradient. */
  argmin(this: T, dim?: number, keepdim = false, ...more: never[]): T {
    checkNoMore("Tensor.argmin", more);
    return placeOver("Tensor.argmin", this, true, dim, keepdim);
  }

  /** The `k` largest elements along `dim`, in order, and their places; with `largest: false` the smallest. */
  topk(
    this: T,
    k: number,
    dim = -1,
    options: { readonly largest?: boolean } = {},
    ...more: never[]
  ): ValuesAndIndices<T> {
    const where = "Tensor.topk";
    checkOptions(where, options, ["largest"], more);
    const { largest = true } = options;
    checkBoolean(where, "largest", largest);
    checkInteger(where, "k", k);
    const d = resolveDim(where, dim, this.shape.length);
    const { line } = asLine(where, this, d, true);
    if (k > line.shape[d]!) {
      throw new ShapeError(
        `${where}: k must be at most the ${line.shape[d]} of dim ${d} of ${showShape(this.shape)}, got ${k}`,
      );
    }
    const indices = placesIn(where, topk, line, { dim: d, count: k, smallest: !largest });
    const shape = this.shape.map((size, i) => (i === d ? k : size));
    return { values: reshape(pick(where, line, d, indices), shape), indices: reshape(indices, shape) };
  }

  /** The product over `dim`, or of all elements. */
  prod(this: T, dim?: number, keepdim = false, ...more: never[]): T {
    checkNoMore("Tensor.prod", more);
    const { line, at, shape } = asLine("Tensor.prod", this, dim, keepdim);
    if (this.shape.length === 0) return this;
    const whole = dim === undefined;
    return reshape(record("Tensor.prod", prod, [line], { dim: at, whole }), shape);
  }

  /** Running sums along `dim`. */
  cumsum(this: T, dim: number, ...more: never[]): T {
    checkNoMore("Tensor.cumsum", more);
    const d = resolveDim("Tensor.cumsum", dim, this.shape.length);
    return this.shape.length === 0 ? this : record("Tensor.cumsum", cumsum, [this], { dim: d });
  }

  /** The variance over one or several dimensions, or all: Σ(x - mean)²/(n - correction). */
  var(this: T, dim?: Dims, options: VarianceOptions = {}, ...more: never[]): T {
    return variance("Tensor.var", this, dim, options, more);
  }

  /** The standard deviation, √{@link var}. Its gradient where it is 0 is 0. */
  std(this: T, dim?: Dims, options: VarianceOptions = {}, ...more: never[]): T {
    const squared = variance("Tensor.std", this, dim, options, more);
    return record("Tensor.std", elementwise, [squared], { kind: "norm" });
  }
}
