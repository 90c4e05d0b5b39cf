import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type Operand, type PlanSettings } from "../op.ts";

export const assignTexts = /* @__PURE__ */ new OnDemand(() => import("./buffer-assign.wgsl.ts"));

export const bufferAssignKernel = /* @__PURE__ */ new Kernel({
  name: "buffer_assign",
  texts: assignTexts,
  uses: ["finite", "guard"],
  workgroup: [64, 1, 1],
  params: { size: "u32", guards: "u32" },
  bindings: { guard: "read", source: "read", stored: "read_write" },
});

/** Stores a run's value, if every guard is finite. */
export function bufferAssign(
  source: Operand,
  stored: Operand,
  guard: Operand | null,
  plan: PlanSettings,
): Dispatch {
  const size = stored.elements;
  return dispatch({
    kernel: bufferAssignKernel,
    params: { size, guards: guard?.elements ?? 0 },
    bindings: { guard, source, stored },
    grid: linearGrid(size, plan),
    flops: 0,
    bytes: 8 * size,
  });
}
