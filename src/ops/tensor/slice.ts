import { type Shape, stridesOf } from "../../shape.ts";
import type { Op } from "../op.ts";
import { copyDims } from "./copy.ts";

/** Elements start, start + step, … of a dimension counted from 0; all within its size. */
export interface SliceAttributes {
  readonly dim: number;
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

function sliced(shape: Shape, { dim, length }: SliceAttributes): Shape {
  return shape.map((size, i) => (i === dim ? length : size));
}

/** Layout of the slice inside the input. */
export function block(shape: Shape, { dim, start, step }: SliceAttributes) {
  const strides = stridesOf(shape);
  return { offset: start * strides[dim]!, strides: strides.map((s, i) => (i === dim ? s * step : s)) };
}

/** Part of a tensor along one dimension, as `x[:, start:end:step]`. */
export const slice: Op<SliceAttributes> = {
  name: "slice",
  infer: ([input], attributes) => ({ outputs: [{ shape: sliced(input!.shape, attributes) }] }),
  moves(shape, { dim, start, step, length }) {
    const inner = stridesOf(shape)[dim]!;
    const size = shape[dim]!;
    return (index) => {
      const at = start + (Math.floor(index / inner) % length) * step;
      return (Math.floor(index / (inner * length)) * size + at) * inner + (index % inner);
    };
  },
  forward({ inputs: [input], outputs: [output] }, attributes, plan) {
    const { shape } = output!;
    return copyDims(
      shape,
      { operand: input!, ...block(input!.shape, attributes) },
      { operand: output!, strides: stridesOf(shape) },
      plan,
    );
  },
};
