import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type PlanSettings } from "../op.ts";
import { paramsOf, rangeBindings, rangeParams, type UpdateRange, updateLibrary } from "./parameter-update.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./adagrad.wgsl.ts"));

export const adagradKernel = /* @__PURE__ */ new Kernel({
  name: "adagrad",
  texts,
  uses: updateLibrary,
  workgroup: [64, 1, 1],
  params: { ...rangeParams, sign: "f32", weightDecay: "f32", rate: "f32", eps: "f32" },
  bindings: { ...rangeBindings, value: "read_write", sum: "read_write" },
});

/** Values that may change from step to step. */
export interface AdagradScalars {
  /** Learning rate after decay. */
  readonly rate: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly maximize: boolean;
}

/** Adagrad's update of one range; reads its scalars before every replay. */
export function adagradUpdate(
  range: UpdateRange,
  scalars: () => AdagradScalars,
  plan: PlanSettings,
): Dispatch {
  const { size, value, gradient, guard, factor } = range;
  return dispatch({
    kernel: adagradKernel,
    params: () => {
      const { rate, eps, weightDecay, maximize } = scalars();
      return { ...paramsOf(range), sign: maximize ? -1 : 1, weightDecay, rate, eps };
    },
    bindings: { gradient, guard, factor, value, sum: range.state("sum") },
    grid: linearGrid(size, plan),
    flops: 9 * size,
    bytes: 20 * size,
  });
}
