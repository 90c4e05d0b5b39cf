import { Kernel } from "../../gpu/kernel.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Op, type Operand, type PlanContext } from "../op.ts";
import { tensorTexts } from "./texts.ts";

export const softmaxForward = /* @__PURE__ */ new Kernel({
  name: "softmax_forward",
  texts: tensorTexts,
  uses: ["not_a_number", "exp_log"],
  workgroup: [64, 1, 1],
  params: { outer: "u32", size: "u32", inner: "u32", log: "u32" },
  bindings: { x: "read", y: "read_write" },
});

export interface SoftmaxAttributes {
  /** The dimension that sums to 1, counted from 0. */
  readonly dim: number;
  /** Whether to take the logarithm. */
  readonly log: boolean;
}

/** Parameters of the kernels of both passes, and their grid. */
export function along(shape: Shape, { dim, log }: SoftmaxAttributes, plan: PlanContext) {
  const outer = sizeOf(shape.slice(0, dim));
  const inner = sizeOf(shape.slice(dim + 1));
  return {
    params: { outer, size: shape[dim] ?? 1, inner, log: flag(log) },
    grid: linearGrid(outer * inner, plan),
  };
}

export function softmaxDispatch(
  x: Operand,
  y: Operand,
  attributes: SoftmaxAttributes,
  plan: PlanContext,
): Dispatch {
  const size = sizeOf(x.shape);
  return dispatch({
    kernel: softmaxForward,
    ...along(x.shape, attributes, plan),
    bindings: { x, y },
    flops: 25 * size,
    bytes: 8 * size,
  });
}

/** Softmax along a dimension, or its logarithm. */
export const softmax: Op<SoftmaxAttributes> = {
  name: "softmax",
  infer: ([x]) => ({ outputs: [{ shape: x!.shape }] }),
  forward: ({ inputs: [x], outputs: [y] }, attributes, plan) => [softmaxDispatch(x!, y!, attributes, plan)],
};
