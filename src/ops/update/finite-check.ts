import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanContext } from "../op.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./finite-check.wgsl.ts"));

export const finiteCheckKernel = /* @__PURE__ */ new Kernel({
  name: "finite_check",
  texts,
  uses: ["finite"],
  workgroup: [64, 1, 1],
  params: { offset: "u32", size: "u32", first: "u32", slot: "u32", hasScalar: "u32" },
  bindings: { value: "read", scalar: "read", mark: "read_write" },
});

/** Values that one invocation checks. */
const SHARE = 8;

/** What one check looks at, and where it leaves its mark. */
export interface Checked {
  readonly value: Operand | null;
  /** Range of the value, in elements, and the number of its first one. */
  readonly offset: number;
  readonly size: number;
  readonly first: number;
  readonly scalar: Operand | null;
  /** Two words a slot: see shaders/update/finite_check.wgsl. */
  readonly mark: Operand;
  readonly slot: number;
}

/** Marks a slot if a value or the scalar is NaN or infinite. */
export function finiteCheck(checked: Checked, plan: PlanContext): Dispatch {
  const { value, offset, size, first, scalar, mark, slot } = checked;
  return dispatch({
    kernel: finiteCheckKernel,
    params: { offset, size, first, slot, hasScalar: flag(scalar) },
    bindings: { value, scalar, mark },
    grid: linearGrid(Math.max(Math.ceil(size / SHARE), 1), plan),
    flops: size,
    bytes: 4 * size,
  });
}
