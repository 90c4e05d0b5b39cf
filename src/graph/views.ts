import { show } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import type { Op } from "../ops/op.ts";
import { type CatAttributes, cat } from "../ops/tensor/cat.ts";
import { type PermuteAttributes, permute as permuteOp } from "../ops/tensor/permute.ts";
import { reshape as reshapeOp } from "../ops/tensor/reshape.ts";
import { slice as sliceOp } from "../ops/tensor/slice.ts";
import { checkShape, resolveDim, resolveOwnDim, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { cat as catTensors, record, resolveDims, type Value } from "./functions.ts";

/** Views of a tensor. Each reuses an existing tensor where it can, before anything is copied. `T` is the graph's tensor. */

/** What these functions need of a tensor. */
export interface Viewed<T> extends Value<T> {
  /** @internal */
  readonly source: {
    readonly node: {
      // biome-ignore lint/suspicious/noExplicitAny: a graph holds ops of every attribute type
      readonly op: Op<any>;
      readonly attributes: unknown;
      readonly inputs: readonly (T | null)[];
      readonly outputs: readonly T[];
    };
    readonly index: number;
  } | null;
}

/** Tensor.select. */
export function select<T extends Viewed<T>>(x: T, dim: number, index: number): T {
  const where = "Tensor.select";
  const d = resolveOwnDim(where, dim, x.shape.length);
  const size = x.shape[d]!;
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new ShapeError(
      `${where}: index must be an integer from ${-size} to ${size - 1} for dim ${d} of ${showShape(x.shape)}, ` +
        `got ${show(index)}`,
    );
  }
  const start = index < 0 ? index + size : index;
  const through = selectThrough(x, d, start);
  if (through) return through;
  const rest = x.shape.filter((_, i) => i !== d);
  if (size === 1) return reshape(x, rest);
  return reshape(record(where, sliceOp, [x], { dim: d, start, step: 1, length: 1 }), rest);
}

/** Maximum number of a cat's parts for which a selection is made from each part instead of the whole. */
const MAX_PARTS = 4;

/**
 * A cheaper source of a selection, if there is one: an op's own last step, one or each part of a cat, the tensor before a
 * permutation.
 */
function selectThrough<T extends Viewed<T>>(x: T, dim: number, index: number): T | null {
  if (!x.source) return null;
  const { node, index: output } = x.source;
  const { op, attributes, inputs, outputs } = node;
  if (output === 0 && dim === 0 && op.ownSlice?.(inputs, attributes) === index) return outputs[1]!;
  if (op === cat) {
    const { dim: along } = attributes as CatAttributes;
    if (dim !== along) {
      if (inputs.length > MAX_PARTS) return null;
      const parts = inputs.map((input) => select(input!, dim, index));
      return catTensors("Tensor.select", parts, dim < along ? along - 1 : along);
    }
    let start = 0;
    for (const input of inputs) {
      const size = input!.shape[along]!;
      if (index < start + size) return select(input!, along, index - start);
      start += size;
    }
  }
  if (op === permuteOp) {
    const { dims } = attributes as PermuteAttributes;
    const from = dims[dim]!;
    const rest = dims.filter((_, i) => i !== dim).map((other) => (other > from ? other - 1 : other));
    return permute(select(inputs[0]!, from, index), rest);
  }
  // A reshape that keeps the first dimension, such as that of a single sequence.
  if (op === reshapeOp && dim === 0 && inputs[0]!.shape[0] === x.shape[0]) {
    return reshape(select(inputs[0]!, 0, index), x.shape.slice(1));
  }
  return null;
}

/** Tensor.slice. */
export function slice<T extends Viewed<T>>(
  x: T,
  dim: number,
  start = 0,
  end = Number.MAX_SAFE_INTEGER,
  step = 1,
): T {
  const where = "Tensor.slice";
  const d = resolveOwnDim(where, dim, x.shape.length);
  const size = x.shape[d]!;
  const inside = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, 0), size);
  const first = inside(start);
  const length = Math.ceil((inside(end) - first) / step);
  if (![start, end, step].every(Number.isInteger) || step < 1 || length < 1) {
    throw new ShapeError(
      `${where}: start, end and step must be integers, step at least 1, that leave something of the ${size} of dim ${d}, ` +
        `got ${show(start)}, ${show(end)} and ${show(step)}`,
    );
  }
  if (length === size) return x;
  return record(where, sliceOp, [x], { dim: d, start: first, step, length });
}

/** Tensor.permute. */
export function permute<T extends Viewed<T>>(x: T, dims: readonly number[]): T {
  const where = "Tensor.permute";
  const rank = x.shape.length;
  if (!Array.isArray(dims) || dims.length !== rank) {
    throw new ShapeError(
      `${where}: dims must name all ${rank} dimensions of ${showShape(x.shape)}, got ${show(dims)}`,
    );
  }
  const order = resolveDims(where, dims, rank);
  if (x.source?.node.op === permuteOp) {
    const { attributes, inputs } = x.source.node;
    const inner = (attributes as PermuteAttributes).dims;
    return permute(
      inputs[0]!,
      order.map((dim) => inner[dim]!),
    );
  }
  // If the dimensions with more than one element keep their order, no element moves.
  const moving = order.filter((dim) => x.shape[dim] !== 1);
  if (moving.every((dim, i) => i === 0 || dim > moving[i - 1]!)) {
    return reshape(
      x,
      order.map((dim) => x.shape[dim]!),
    );
  }
  return record(where, permuteOp, [x], { dims: order });
}

/** Tensor.reshape. */
export function reshape<T extends Viewed<T>>(x: T, shape: Shape): T {
  if (!Array.isArray(shape) || shape.filter((size) => size === -1).length > 1) {
    throw new ShapeError(
      `Tensor.reshape: shape must be an array of sizes, at most one of them -1, got ${show(shape)}`,
    );
  }
  const known = sizeOf(shape.filter((size) => size !== -1));
  const full = shape.map((size) => (size === -1 ? sizeOf(x.shape) / known : size));
  if (sameShape(full, x.shape)) return x;
  checkShape("Tensor.reshape", full);
  if (sizeOf(x.shape) !== sizeOf(full)) {
    throw new ShapeError(
      `Tensor.reshape: ${showShape(x.shape)} has ${sizeOf(x.shape)} elements and cannot become ${showShape(full)} with ${sizeOf(full)}`,
    );
  }
  if (x.source?.node.op === reshapeOp) return reshape(x.source.node.inputs[0]!, full);
  return record("Tensor.reshape", reshapeOp, [x], { shape: full });
}

/** Tensor.flatten. */
export function flatten<T extends Viewed<T>>(x: T, startDim: number, endDim: number): T {
  const { shape } = x;
  const first = resolveDim("Tensor.flatten", startDim, shape.length);
  const last = resolveDim("Tensor.flatten", endDim, shape.length);
  if (first > last) {
    throw new ShapeError(`Tensor.flatten: startDim must not be after endDim, got ${startDim} and ${endDim}`);
  }
  return reshape(x, [
    ...shape.slice(0, first),
    sizeOf(shape.slice(first, last + 1)),
    ...shape.slice(last + 1),
  ]);
}
