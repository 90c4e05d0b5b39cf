import { type Shape, stridesOf } from "../../shape.ts";
import type { Op } from "../op.ts";
import { copyDims } from "./copy.ts";

/** The input's dimension for each of the output's, counted from 0. */
export interface PermuteAttributes {
  readonly dims: readonly number[];
}

/** Sizes or strides of the input in the output's order. */
export function permuted(values: readonly number[], { dims }: PermuteAttributes): number[] {
  return dims.map((dim) => values[dim]!);
}

/** Reorders dimensions, for example for `batch_first` data. */
export const permute: Op<PermuteAttributes> = {
  name: "permute",
  infer: ([input], attributes) => ({ outputs: [{ shape: permuted(input!.shape, attributes) }] }),
  moves(shape: Shape, attributes) {
    const to = permuted(shape, attributes);
    const strides = permuted(stridesOf(shape), attributes);
    return (index) => {
      let position = 0;
      for (let dim = to.length - 1; dim >= 0; dim--) {
        position += (index % to[dim]!) * strides[dim]!;
        index = Math.floor(index / to[dim]!);
      }
      return position;
    };
  },
  forward({ inputs: [input], outputs: [output] }, attributes, plan) {
    const { shape } = output!;
    return copyDims(
      shape,
      { operand: input!, strides: permuted(stridesOf(input!.shape), attributes) },
      { operand: output!, strides: stridesOf(shape) },
      plan,
    );
  },
};
