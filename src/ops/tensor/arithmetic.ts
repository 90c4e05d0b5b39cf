import { Kernel } from "../../gpu/kernel.ts";
import { baseTexts } from "../base-texts.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type Op, type Operand, type PlanContext } from "../op.ts";
import { tensorTexts } from "./texts.ts";

export const binaryKernel = /* @__PURE__ */ new Kernel({
  name: "binary",
  texts: tensorTexts,
  workgroup: [64, 1, 1],
  params: { size: "u32", kind: "u32" },
  bindings: { a: "read", b: "read", out: "read_write" },
});

export const affineKernel = /* @__PURE__ */ new Kernel({
  name: "affine",
  texts: baseTexts,
  workgroup: [64, 1, 1],
  params: { size: "u32", scale: "f32", offset: "f32" },
  bindings: { x: "read", y: "read_write" },
});

const KINDS = { minus: 0, times: 1, over: 2, minusTimes: 3 } as const;

/** out = a ∘ b, elementwise, for operands of one shape. */
export function pointwise(
  kind: keyof typeof KINDS,
  a: Operand,
  b: Operand,
  out: Operand,
  plan: PlanContext,
): Dispatch {
  const size = out.elements;
  return dispatch({
    kernel: binaryKernel,
    params: { size, kind: KINDS[kind] },
    bindings: { a, b, out },
    grid: linearGrid(size, plan),
    flops: size,
    bytes: 12 * size,
  });
}

/** y = scale·x + offset. */
export function affine(x: Operand, y: Operand, scale: number, offset: number, plan: PlanContext): Dispatch {
  const size = y.elements;
  return dispatch({
    kernel: affineKernel,
    params: { size, scale, offset },
    bindings: { x, y },
    grid: linearGrid(size, plan),
    flops: 2 * size,
    bytes: 8 * size,
  });
}

/** a - b for two tensors of one shape. */
export const sub: Op<void> = {
  name: "sub",
  infer: ([a]) => ({ outputs: [{ shape: a!.shape }] }),
  forward: ({ inputs: [a, b], outputs: [out] }, _, plan) => [pointwise("minus", a!, b!, out!, plan)],
};

/** a·b, elementwise, for two tensors of one shape. */
export const mul: Op<void> = {
  name: "mul",
  infer: ([a]) => ({ outputs: [{ shape: a!.shape }] }),
  forward: ({ inputs: [a, b], outputs: [out] }, _, plan) => [pointwise("times", a!, b!, out!, plan)],
};

/** a/b, elementwise, for two tensors of one shape. */
export const div: Op<void> = {
  name: "div",
  infer: ([a]) => ({ outputs: [{ shape: a!.shape }] }),
  forward: ({ inputs: [a, b], outputs: [out] }, _, plan) => [pointwise("over", a!, b!, out!, plan)],
};

/** A tensor times a number; its gradient times `slope`, if that is another. */
export const scale: Op<{ readonly factor: number; readonly slope?: number }> = {
  name: "scale",
  infer: ([x]) => ({ outputs: [{ shape: x!.shape }] }),
  forward: ({ inputs: [x], outputs: [y] }, { factor }, plan) => [affine(x!, y!, factor, 0, plan)],
};

/** A tensor plus a number; the input's gradient is the output's. */
export const shift: Op<{ readonly term: number }> = {
  name: "shift",
  infer: ([x]) => ({ outputs: [{ shape: x!.shape }] }),
  forward: ({ inputs: [x], outputs: [y] }, { term }, plan) => [affine(x!, y!, 1, term, plan)],
};
