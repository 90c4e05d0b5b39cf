import { type Shape, stridesOf } from "../../shape.ts";
import type { Dispatch, Op, Operand, PlanContext } from "../op.ts";
import { copyDims } from "./copy.ts";

/** The dimension of concatenation, counted from 0. */
export interface CatAttributes {
  readonly dim: number;
}

/** Copies between each part and its place in the whole; skips parts that are `null`. */
export function copyParts(
  shapes: readonly Shape[],
  dim: number,
  plan: PlanContext,
  copy: (part: number) => { operand: Operand; whole: Operand; into: boolean } | null,
): Dispatch[] {
  let start = 0;
  return shapes.flatMap((shape, part) => {
    const first = start;
    start += shape[dim]!;
    const described = copy(part);
    if (!described) return [];
    const { operand, whole, into } = described;
    const strides = stridesOf(whole.shape);
    const own = { operand, strides: stridesOf(shape) };
    const place = { operand: whole, offset: first * strides[dim]!, strides };
    return into ? copyDims(shape, own, place, plan) : copyDims(shape, place, own, plan);
  });
}

/** Concatenates tensors along an existing dimension; all other sizes agree. */
export const cat: Op<CatAttributes> = {
  name: "cat",
  infer(inputs, { dim }) {
    const total = inputs.reduce((sum, input) => sum + input!.shape[dim]!, 0);
    return { outputs: [{ shape: inputs[0]!.shape.map((size, i) => (i === dim ? total : size)) }] };
  },
  forward({ inputs, outputs: [output] }, { dim }, plan) {
    const shapes = inputs.map((input) => input!.shape);
    return copyParts(shapes, dim, plan, (i) => ({ operand: inputs[i]!, whole: output!, into: true }));
  },
};
