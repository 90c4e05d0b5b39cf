/** Tensors on the host: what a graph computes from shapes and constants, while it is traced. */

import { ShapeError } from "../../errors.ts";
import type { SafetensorsDtype } from "../../io/dtypes.ts";
import { type Shape, showShape, sizeOf, stridesOf } from "../../shape.ts";
import { isFloat } from "./dtype.ts";

/** Values of any number type, row-major. Integers and bools are in float64. */
export interface HostTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array;
}

/** An array for values of a type. */
export function arrayFor(dtype: SafetensorsDtype, length: number): Float32Array | Float64Array {
  return isFloat(dtype) && dtype !== "F64" ? new Float32Array(length) : new Float64Array(length);
}

/** Most elements of a tensor that is computed while a graph is traced. */
const LARGEST = 2 ** 26;

/** A tensor of zeros, or of these values. */
export function hostTensor(dtype: SafetensorsDtype, shape: Shape, values?: ArrayLike<number>): HostTensor {
  const size = sizeOf(shape);
  if (!shape.every((one) => Number.isSafeInteger(one) && one >= 0) || size > LARGEST) {
    throw new ShapeError(
      `a tensor of shape ${showShape(shape)} cannot be made; at most ${LARGEST} elements can`,
    );
  }
  const data = arrayFor(dtype, size);
  if (values) data.set(values);
  return { dtype, shape, data };
}

/** A one-dimensional tensor of int64. */
export function int64s(values: readonly number[]): HostTensor {
  return hostTensor("I64", [values.length], values);
}

/** The elements at `indexOf(i)` of another tensor, for every i of the new shape. */
export function gathered(x: HostTensor, shape: Shape, indexOf: (i: number) => number): HostTensor {
  const result = hostTensor(x.dtype, shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = x.data[indexOf(i)]!;
  return result;
}

/** Maps an index of `shape` to the place start + Σ index·stride. */
export function placer(shape: Shape, strides: readonly number[], start = 0): (i: number) => number {
  return (i) => {
    let place = start;
    let rest = i;
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      place += (rest % shape[dim]!) * strides[dim]!;
      rest = Math.floor(rest / shape[dim]!);
    }
    return place;
  };
}

/** The common shape of broadcast tensors; `null` if there is none. */
export function broadcastShapes(shapes: readonly Shape[]): Shape | null {
  const rank = Math.max(...shapes.map(({ length }) => length));
  const result: number[] = [];
  for (let dim = 0; dim < rank; dim++) {
    const sizes = shapes.map((shape) => shape[dim - rank + shape.length] ?? 1).filter((size) => size !== 1);
    if (sizes.some((size) => size !== sizes[0])) return null;
    result.push(sizes[0] ?? 1);
  }
  return result;
}

/** Strides of `from` for an index into `shape`: 0 for repeated dimensions. */
export function broadcastStrides(from: Shape, shape: Shape): number[] {
  const added = shape.length - from.length;
  const strides = stridesOf(from);
  return shape.map((_, dim) => (dim < added || from[dim - added] === 1 ? 0 : strides[dim - added]!));
}

/** `fn` of every element of broadcast tensors; `null` if they cannot be broadcast. */
export function mapped(
  dtype: SafetensorsDtype,
  operands: readonly HostTensor[],
  fn: (...values: number[]) => number,
): HostTensor | null {
  const shape = broadcastShapes(operands.map((operand) => operand.shape));
  if (!shape) return null;
  const result = hostTensor(dtype, shape);
  const places = operands.map((operand) => placer(shape, broadcastStrides(operand.shape, shape)));
  for (let i = 0; i < result.data.length; i++) {
    result.data[i] = fn(...operands.map((operand, k) => operand.data[places[k]!(i)]!));
  }
  return result;
}
