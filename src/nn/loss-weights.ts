import { checkFinite, show } from "../checks.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { Buffer } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type NDArray, type Shape, showShape, sizeOf } from "../shape.ts";

/** Weights of a loss: numbers along one dimension, or with their shape. */
export type LossWeights = Float32Array | readonly number[] | NDArray;

/** A loss's weights as a state buffer, or null for none. */
export function weightBuffer(where: string, name: string, weights: LossWeights | undefined): Buffer | null {
  if (weights === undefined) return null;
  const given = weights as Partial<NDArray> & ArrayLike<number>;
  const plain = Array.isArray(weights) || weights instanceof Float32Array;
  const data = plain ? Float32Array.from(given) : given?.data;
  const shape = plain ? [given.length] : given?.shape;
  if (!(data instanceof Float32Array) || !Array.isArray(shape) || data.length === 0) {
    throw new OptionError(
      `${where}: ${name} must be an array of numbers or { data: Float32Array, shape }, got ${show(weights)}`,
    );
  }
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError(
      `${where}: ${name} of shape ${showShape(shape)} must hold ${sizeOf(shape)} values, got ${data.length}`,
    );
  }
  checkFinite(where, name, data);
  return new Buffer(shape, data.slice());
}

/** Broadcasts the weights to a shape, as PyTorch does. */
export function broadcastWeights(
  where: string,
  name: string,
  weights: Buffer | null,
  shape: Shape,
): Tensor | null {
  if (!weights) return null;
  const added = shape.length - weights.shape.length;
  const fits = added >= 0 && weights.shape.every((size, dim) => size === 1 || size === shape[dim + added]);
  if (!fits) {
    throw new ShapeError(
      `${where}: ${name} of shape ${showShape(weights.shape)} cannot be broadcast to ${showShape(shape)}: from the last ` +
        "dimension on, its sizes must be equal or 1",
    );
  }
  return weights.expand(shape);
}
