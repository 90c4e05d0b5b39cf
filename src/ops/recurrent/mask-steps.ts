import { Kernel } from "../../gpu/kernel.ts";
import { sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type Op, type Operand, type PlanContext } from "../op.ts";
import { sequenceTexts } from "./texts.ts";

export const maskStepsKernel = /* @__PURE__ */ new Kernel({
  name: "mask_steps",
  texts: sequenceTexts,
  workgroup: [64, 1, 1],
  params: { size: "u32", batch: "u32", width: "u32", value: "f32" },
  bindings: { sequence: "read", lengths: "read", out: "read_write" },
});

/** Copies sequences [T, N, …], with `value` for everything past the end of each. */
export function maskDispatch(
  sequence: Operand,
  lengths: Operand,
  out: Operand,
  value: number,
  plan: PlanContext,
): Dispatch {
  const [, batch] = out.shape as [number, number];
  const size = sizeOf(out.shape);
  return dispatch({
    kernel: maskStepsKernel,
    params: { size, batch, width: sizeOf(out.shape.slice(2)), value },
    bindings: { sequence, lengths, out },
    grid: linearGrid(size, plan),
    flops: 0,
    bytes: 8 * size,
  });
}

/** Sequences [T, N, …] with `value` past the end of each; `lengths` [N]. */
export const maskSteps: Op<{ value: number }> = {
  name: "mask_steps",
  infer: ([sequence]) => ({ outputs: [{ shape: sequence!.shape }] }),
  forward: ({ inputs: [sequence, lengths], outputs: [out] }, { value }, plan) => [
    maskDispatch(sequence!, lengths!, out!, value, plan),
  ],
  backward: ({ inputs: [, lengths], gradOutputs: [gradOut], gradInputs: [gradSequence] }, _, plan) => [
    maskDispatch(gradOut!, lengths!, gradSequence!, 0, plan),
  ],
};
