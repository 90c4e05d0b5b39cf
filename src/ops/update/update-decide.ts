import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { groupGrid, linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type Operand, type PlanSettings } from "../op.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./update-decide.wgsl.ts"));

/** Bytes between the uniform structs of two dispatches: the alignment of uniforms. */
export const STRUCT_BYTES = 256;

export const updateDecideKernel = /* @__PURE__ */ new Kernel({
  name: "update_decide",
  texts,
  workgroup: [64, 1, 1],
  params: { rows: "u32", dispatches: "u32" },
  bindings: {
    table: "read",
    mark: "read_write",
    outcome: "read_write",
    chosen: "read_write",
    taken: "read_write",
  },
});

export const stateKeepKernel = /* @__PURE__ */ new Kernel({
  name: "state_keep",
  texts,
  uses: ["finite"],
  workgroup: [64, 1, 1],
  params: { size: "u32" },
  bindings: { guard: "read", before: "read", after: "read_write" },
});

/** What an update that may be left out is decided from: see shaders/update/update_decide.wgsl. */
export interface Decided {
  readonly rows: number;
  readonly dispatches: number;
  readonly table: Operand;
  readonly mark: Operand;
  readonly outcome: Operand;
  readonly chosen: Operand;
  readonly taken: Operand;
}

/** Decides whether an update happens, and chooses the uniform structs of its dispatches. */
export function updateDecide({ rows, dispatches, ...bindings }: Decided, plan: PlanSettings): Dispatch {
  return dispatch({
    kernel: updateDecideKernel,
    params: { rows, dispatches },
    bindings,
    grid: groupGrid(1, plan),
    flops: 0,
    bytes: 2 * STRUCT_BYTES * dispatches,
  });
}

/** Leaves the state as it was before the run, if the update is left out. */
export function stateKeep(guard: Operand, before: Operand, after: Operand, plan: PlanSettings): Dispatch {
  const size = after.elements;
  return dispatch({
    kernel: stateKeepKernel,
    params: { size },
    bindings: { guard, before, after },
    grid: linearGrid(size, plan),
    flops: 0,
    bytes: 4 * size,
  });
}
