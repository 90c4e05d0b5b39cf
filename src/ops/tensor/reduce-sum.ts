import { Kernel } from "../../gpu/kernel.ts";
import { baseTexts } from "../base-texts.ts";
import { groupGrid } from "../grid.ts";
import { type Dispatch, dispatch, type Operand, type PlanContext } from "../op.ts";

export const reduceSumKernel = /* @__PURE__ */ new Kernel({
  name: "reduce_sum",
  texts: baseTexts,
  workgroup: [64, 1, 1],
  params: { size: "u32", chunk: "u32" },
  bindings: { partial: "read", out: "read_write" },
});

/** Values that one workgroup sums: 64 for each invocation. */
const CHUNK = 4096;

/** Sums all `size` values into one. */
export function reduceSum(values: Operand, size: number, out: Operand, plan: PlanContext): Dispatch[] {
  const dispatches: Dispatch[] = [];
  let [from, left] = [values, size];
  for (;;) {
    const chunk = Math.max(CHUNK, Math.ceil(left / plan.maxGrid));
    const groups = Math.ceil(left / chunk);
    const to = groups === 1 ? out : plan.temporary([groups]);
    dispatches.push(
      dispatch({
        kernel: reduceSumKernel,
        params: { size: left, chunk },
        bindings: { partial: from, out: to },
        grid: groupGrid(groups, plan),
        flops: left,
        bytes: 4 * left,
      }),
    );
    if (groups === 1) return dispatches;
    [from, left] = [to, groups];
  }
}

/** Values of one invocation and number of invocations, when another kernel does the first stage of a sum. */
export function chunksOf(size: number): { chunk: number; partials: number } {
  const chunk = Math.max(16, Math.ceil(size / 1024));
  return { chunk, partials: Math.ceil(size / chunk) };
}
