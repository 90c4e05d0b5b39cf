import { listed, show } from "./checks.ts";
import { ShapeError } from "./errors.ts";

/** Sizes of a tensor's dimensions, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Number of elements of a tensor with this shape; 1 for a scalar, and 0 where a size is 0, however large the others are. */
export function sizeOf(shape: Shape): number {
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}

/** A zero for every element of a tensor with this shape. Throws a {@link ShapeError} where no memory is left for them. */
export function zerosOf(where: string, shape: Shape): Float32Array {
  try {
    return new Float32Array(sizeOf(shape));
  } catch (cause) {
    throw new ShapeError(`${where}: there is no memory for ${showShape(shape)}; use smaller sizes`, {
      cause,
    });
  }
}

/** Row-major strides: the distance in elements between neighbours along each dimension. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, dim) => sizeOf(shape.slice(dim + 1)));
}

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** `[64, 20, 1]`; at most 200 characters, `[1, 1, 1, … (1000000 in all)]`, whatever the shape. */
export function showShape(shape: Shape): string {
  // The sizes beyond these would not fit, and a file may have millions.
  const shown =
    shape.length > 100 ? [...shape.slice(0, 8).map(show), `… (${shape.length} in all)`] : shape.map(show);
  return `[${listed(shown)}]`;
}

/** Throws a {@link ShapeError} unless every size is a positive integer. Returns a copy. */
export function checkShape(where: string, shape: unknown): Shape {
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw new ShapeError(`${where}: a shape must be an array of positive integers, got ${show(shape)}`);
  }
  return [...(shape as number[])];
}

/** Converts a dimension counted as in PyTorch (-1 is the last) to an index from 0. A scalar's dims 0 and -1 are 0, as in PyTorch. */
export function resolveDim(where: string, dim: number, rank: number): number {
  const count = rank || 1;
  if (!Number.isInteger(dim) || dim < -count || dim >= count) {
    throw new ShapeError(
      `${where}: dim must be an integer from ${-count} to ${count - 1} for a tensor of rank ${rank}, got ${show(dim)}`,
    );
  }
  return dim < 0 ? dim + count : dim;
}

/** {@link resolveDim} of a tensor that is cut or joined along the dimension: PyTorch refuses scalars. */
export function resolveOwnDim(where: string, dim: number, rank: number): number {
  if (rank > 0) return resolveDim(where, dim, rank);
  throw new ShapeError(
    `${where}: a tensor of rank 0 has no dim, got dim ${show(dim)}; unsqueeze(0) gives it one`,
  );
}

/** `value` rounded up to a multiple of `step`. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** A tensor on the host: its elements in row-major order and its shape. */
export interface NDArray {
  /** The elements, in row-major order. */
  readonly data: Float32Array;
  /** Their sizes, the outermost first. */
  readonly shape: Shape;
}

/** A float64 array on the host: its elements in row-major order and its shape. */
export interface Float64NDArray {
  /** The elements, in row-major order. */
  readonly data: Float64Array;
  /** Their sizes, the outermost first. */
  readonly shape: Shape;
}
