import { ShapeError } from "../errors.ts";
import { type Shape, showShape, sizeOf, stridesOf } from "../shape.ts";
import { copyBlock } from "./copy.ts";
import type { Dispatch, Op, Operand, PlanContext } from "./op.ts";

/** Two different dimensions, counted from 0, the smaller first. */
export interface TransposeAttributes {
  readonly dim0: number;
  readonly dim1: number;
}

/** Shape with the two dimensions exchanged. */
function exchanged(shape: Shape, { dim0, dim1 }: TransposeAttributes): Shape {
  const result = [...shape];
  result[dim0] = shape[dim1]!;
  result[dim1] = shape[dim0]!;
  return result;
}

/** As at most three dimensions: those after the exchanged ones are one. */
function merge(shape: Shape, dim1: number): Shape {
  const merged = [...shape.slice(0, dim1 + 1), sizeOf(shape.slice(dim1 + 1))];
  while (merged.length > 3 && merged[merged.length - 1] === 1) merged.pop();
  while (merged.length < 3) merged.push(1);
  return merged;
}

function exchange(
  from: Operand,
  to: Operand,
  attributes: TransposeAttributes,
  plan: PlanContext,
): Dispatch[] {
  const sizes = merge(from.shape, attributes.dim1) as [number, number, number];
  const target = exchanged(sizes, attributes);
  const strides: [number, number, number] = [target[1]! * target[2]!, target[2]!, 1];
  const dstStrides = exchanged(strides, attributes) as [number, number, number];
  return [
    copyBlock(
      sizes,
      { operand: from, strides: [sizes[1] * sizes[2], sizes[2], 1] },
      { operand: to, strides: dstStrides },
      plan,
    ),
  ];
}

/** Two dimensions exchanged, as `batch_first` data needs it. */
export const transpose: Op<TransposeAttributes> = {
  name: "transpose",
  infer([input], attributes) {
    const { shape } = input!;
    if (merge(shape, attributes.dim1).length > 3) {
      throw new ShapeError(
        `Tensor.transpose: exchanging dims ${attributes.dim0} and ${attributes.dim1} of ${showShape(shape)} needs more ` +
          "than three dimensions at once; reshape it first",
      );
    }
    return { outputs: [{ shape: exchanged(shape, attributes) }] };
  },
  moves(shape, attributes) {
    const from = stridesOf(shape);
    const to = exchanged(shape, attributes);
    const strides = exchanged(from, attributes);
    return (index) => {
      let position = 0;
      for (let dim = to.length - 1; dim >= 0; dim--) {
        position += (index % to[dim]!) * strides[dim]!;
        index = Math.floor(index / to[dim]!);
      }
      return position;
    };
  },
  forward: ({ inputs: [input], outputs: [output] }, attributes, plan) =>
    exchange(input!, output!, attributes, plan),
  backward: ({ gradOutputs: [gradOutput], gradInputs: [gradInput] }, attributes, plan) =>
    exchange(gradOutput!, gradInput!, attributes, plan),
};
