import { ShapeError, show } from "../errors.ts";
import { type Shape, showShape, sizeOf } from "../shape.ts";
import { copyBlock, fill } from "./copy.ts";
import type { Op } from "./op.ts";

/** Both counted from 0. */
export interface SelectAttributes {
  readonly dim: number;
  readonly index: number;
}

/** Sizes before, at and after a dimension, multiplied up. */
function around(shape: Shape, dim: number): [outer: number, size: number, inner: number] {
  return [sizeOf(shape.slice(0, dim)), shape[dim]!, sizeOf(shape.slice(dim + 1))];
}

/** One slice of a tensor along a dimension, which goes away: `out[:, -1, :]`. */
export const select: Op<SelectAttributes> = {
  name: "select",
  infer([input], { dim, index }) {
    const { shape } = input!;
    const size = shape[dim]!;
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      throw new ShapeError(
        `Tensor.select: index must be an integer from ${-size} to ${size - 1} for dim ${dim} of ${showShape(shape)}, ` +
          `got ${show(index < 0 ? index - size : index)}`,
      );
    }
    return { outputs: [{ shape: shape.filter((_, i) => i !== dim) }] };
  },
  moves(shape, { dim, index }) {
    const [, size, inner] = around(shape, dim);
    return (i) => Math.floor(i / inner) * size * inner + index * inner + (i % inner);
  },
  forward({ inputs: [input], outputs: [output] }, { dim, index }, plan) {
    const [outer, size, inner] = around(input!.shape, dim);
    return [
      copyBlock(
        [outer, 1, inner],
        { operand: input!, offset: index * inner, strides: [size * inner, 0, 1] },
        { operand: output!, strides: [inner, 0, 1] },
        plan,
      ),
    ];
  },
  backward({ inputs: [input], gradOutputs: [gradOutput], gradInputs: [gradInput] }, { dim, index }, plan) {
    const [outer, size, inner] = around(input!.shape, dim);
    return [
      fill(gradInput!, 0, plan),
      copyBlock(
        [outer, 1, inner],
        { operand: gradOutput!, strides: [inner, 0, 1] },
        { operand: gradInput!, offset: index * inner, strides: [size * inner, 0, 1] },
        plan,
      ),
    ];
  },
};
