import { checkBoolean, checkNoMore, checkNumber, show } from "../checks.ts";
import { GraphError, ShapeError } from "../errors.ts";
import type { Op, Operand } from "../ops/op.ts";
import { batchedMatmul, matmul as matmulOp } from "../ops/product/matmul.ts";
import { type ActivationAttributes, activation } from "../ops/tensor/activation.ts";
import { add } from "../ops/tensor/add.ts";
import { div, mul, scale, shift, sub } from "../ops/tensor/arithmetic.ts";
import { cat as catOp } from "../ops/tensor/cat.ts";
import { reshape } from "../ops/tensor/reshape.ts";
import { softmax as softmaxOp } from "../ops/tensor/softmax.ts";
import { expand as expandOp, sum as sumOp } from "../ops/tensor/sum.ts";
import { resolveDim, resolveOwnDim, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";

/**
 * The functions behind the tensor's methods. `T` is the graph's tensor, which imports this file; `where` is the public call as
 * errors name it.
 */

/** What these functions need of a tensor. Its members are internal as the tensor's are: both are stripped from the types. */
export interface Value<T> extends Operand {
  /** Not null where the elements do not lie in PyTorch's order. @internal */
  readonly layout: object | null;
  /** Records an op and returns its first output. @internal */
  record<A>(where: string, op: Op<A>, inputs: readonly (T | null)[], attributes: A): T;
}

/** Records an op and returns its first output. */
export function record<T extends Value<T>, A>(
  where: string,
  op: Op<A>,
  inputs: readonly (T | null)[],
  attributes: A,
): T {
  return inputs[0]!.record(where, op, inputs, attributes);
}

/** Throws a GraphError unless `value` is a tensor. */
export function checkTensor(where: string, value: unknown, wanted = "a tensor"): void {
  if (typeof (value as Partial<Value<unknown>> | null)?.record !== "function") {
    throw new GraphError(
      `${where}: expected ${wanted} of this trace, got ${show(value)}; data goes in through the step's inputs`,
    );
  }
}

/** Dimensions counted from 0; all dimensions if none is given. */
export function resolveDims(where: string, dims: number | readonly number[] | undefined, rank: number) {
  const given = dims === undefined ? [] : typeof dims === "number" ? [dims] : dims;
  if (!Array.isArray(given)) {
    throw new ShapeError(`${where}: dim must be an integer or an array of them, got ${show(dims)}`);
  }
  const resolved = given.map((dim) => resolveDim(where, dim, rank));
  if (new Set(resolved).size < resolved.length) {
    throw new ShapeError(`${where}: every dim must be named once, got ${show(dims)}`);
  }
  return resolved.length > 0 && rank > 0 ? resolved : Array.from({ length: rank }, (_, dim) => dim);
}

/** The common shape of two broadcast tensors. From the last dimension on, sizes must be equal or one of them 1. */
export function broadcastShape(where: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, dim) => {
    const sizeA = a[dim - rank + a.length] ?? 1;
    const sizeB = b[dim - rank + b.length] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw new ShapeError(
        `${where}: ${showShape(a)} and ${showShape(b)} cannot be broadcast: sizes must be equal, or one of them 1, from the ` +
          `last dimension on, got ${sizeA} and ${sizeB}`,
      );
    }
    return sizeA === 1 ? sizeB : sizeA;
  });
}

/** Repeats `x` to a shape that it broadcasts to. */
export function expandTo<T extends Value<T>>(where: string, x: T, shape: Shape): T {
  if (sameShape(x.shape, shape)) return x;
  if (sizeOf(x.shape) === sizeOf(shape)) return record(where, reshape, [x], { shape });
  return record(where, expandOp, [x], { shape });
}

/** Tensor.expand: {@link expandTo} where -1 keeps a size. */
export function expand<T extends Value<T>>(x: T, shape: Shape): T {
  const where = "Tensor.expand";
  const { shape: from } = x;
  const added = Array.isArray(shape) ? shape.length - from.length : -1;
  const full = added < 0 ? [] : shape.map((size, dim) => (size === -1 ? (from[dim - added] ?? -1) : size));
  const fits = full.every((size, dim) => {
    const own = from[dim - added] ?? 1;
    return Number.isInteger(size) && size > 0 && (own === size || own === 1);
  });
  if (added < 0 || !fits) {
    throw new ShapeError(
      `${where}: ${showShape(from)} can be given new first dimensions, and other sizes where it has 1, got ${show(shape)}`,
    );
  }
  return expandTo(where, x, full);
}

const ARITHMETIC = { add, sub, mul, div } as const;

/** a + b, a - b, a·b or a/b with broadcasting; b is a tensor or a number. */
export function arithmetic<T extends Value<T>>(
  name: keyof typeof ARITHMETIC,
  a: T,
  b: T | number,
  more: readonly never[],
): T {
  const where = `Tensor.${name}`;
  checkNoMore(where, more, "mul() scales a tensor");
  if (typeof b === "number") {
    checkNumber(where, "a number", b, "finite", () => true);
    if (name === "add" || name === "sub") return record(where, shift, [a], { term: name === "add" ? b : -b });
    return record(where, scale, [a], { factor: name === "mul" ? b : 1 / b });
  }
  checkTensor(where, b, "a finite number or a tensor");
  const shape = broadcastShape(where, a.shape, b.shape);
  return record(where, ARITHMETIC[name], [expandTo(where, a, shape), expandTo(where, b, shape)], undefined);
}

/** An elementwise function. */
export function pointwise<T extends Value<T>>(kind: ActivationAttributes["kind"], x: T): T {
  return record(`Tensor.${kind}`, activation, [x], { kind });
}

/** As torch.matmul: dot product, matrix product, or products of batches of matrices with broadcasting. */
export function matmul<T extends Value<T>>(a: T, b: T): T {
  const where = "Tensor.matmul";
  checkTensor(where, b);
  const [first, second] = [a.shape, b.shape];
  const depth = first[first.length - 1];
  const inner = second.length === 1 ? second[0] : second[second.length - 2];
  if (depth === undefined || inner === undefined || depth !== inner) {
    throw new ShapeError(
      `${where}: the last size of the first must be the last but one of the second (its only one if it is a vector), got ` +
        `${showShape(first)} and ${showShape(second)}`,
    );
  }
  if (first.length === 1 && second.length === 1) return sum(where, record(where, mul, [a, b], undefined));
  const view = (x: T, shape: Shape) => record(where, reshape, [x], { shape });
  const rows = first.length === 1 ? 1 : first[first.length - 2]!;
  const columns = second.length === 1 ? 1 : second[second.length - 1]!;
  const [batchA, batchB] = [first.slice(0, -2), second.slice(0, -2)];
  const batch = broadcastShape(where, batchA, batchB);
  const shape = [...batch, ...(first.length > 1 ? [rows] : []), ...(second.length > 1 ? [columns] : [])];
  if (sizeOf(batchB) === 1) {
    const matrix = view(b, [depth, columns]);
    return view(record(where, matmulOp, [view(a, [sizeOf(batch) * rows, depth]), matrix], undefined), shape);
  }
  // A vector on the left broadcasts as a matrix of one row. One on the right has no batch and was handled above.
  const left = expandTo(where, a, [...batch, rows, depth]);
  const right = expandTo(where, b, [...batch, depth, columns]);
  const count = sizeOf(batch);
  const pairs = [view(left, [count, rows, depth]), view(right, [count, depth, columns])];
  return view(record(where, batchedMatmul, pairs, undefined), shape);
}

/** The sum over some dimensions, or all. */
export function sum<T extends Value<T>>(
  where: string,
  x: T,
  dim?: number | readonly number[],
  keepdim = false,
): T {
  checkBoolean(where, "keepdim", keepdim);
  const dims = resolveDims(where, dim, x.shape.length);
  return dims.length === 0 ? x : record(where, sumOp, [x], { dims, keepdim });
}

/** The mean over some dimensions, or all. */
export function mean<T extends Value<T>>(x: T, dim?: number | readonly number[], keepdim = false): T {
  const where = "Tensor.mean";
  const total = sum(where, x, dim, keepdim);
  const count = sizeOf(x.shape) / sizeOf(total.shape);
  return count === 1 ? total : record(where, scale, [total], { factor: 1 / count });
}

/** Softmax along a dimension, or its logarithm. */
export function softmax<T extends Value<T>>(where: string, x: T, dim: number, log: boolean): T {
  const { shape } = x;
  const d = resolveDim(where, dim, shape.length);
  const line = expandTo(where, x, shape.length > 0 ? shape : [1]);
  return expandTo(where, record(where, softmaxOp, [line], { dim: d, log }), shape);
}

/** Throws unless `tensors` holds at least one tensor and nothing else. */
function checkTensors(where: string, tensors: readonly Operand[]): void {
  if (!Array.isArray(tensors) || tensors.length === 0) {
    throw new ShapeError(`${where}: expected an array of at least one tensor, got ${show(tensors)}`);
  }
  for (const tensor of tensors) checkTensor(where, tensor);
}

/** Throws unless the tensors have one shape, apart from dimension `except`; returns the first one's shape. */
export function sameShapes(where: string, tensors: readonly Operand[], except = -1): Shape {
  checkTensors(where, tensors);
  const { shape } = tensors[0]!;
  const fits = (other: Shape) =>
    other.length === shape.length && other.every((size, dim) => dim === except || size === shape[dim]);
  for (const { shape: other } of tensors) {
    if (fits(other)) continue;
    throw new ShapeError(
      `${where}: all tensors must have the same ${except < 0 ? "shape" : `sizes but in dim ${except}`}, got ` +
        `${showShape(shape)} and ${showShape(other)}`,
    );
  }
  return shape;
}

/** Concatenates tensors along an existing dimension. */
export function cat<T extends Value<T>>(where: string, tensors: readonly T[], dim: number): T {
  checkTensors(where, tensors);
  const d = resolveOwnDim(where, dim, tensors[0]!.shape.length);
  sameShapes(where, tensors, d);
  return tensors.length === 1 ? tensors[0]! : record(where, catOp, tensors, { dim: d });
}
