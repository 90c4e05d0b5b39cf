import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type PlanSettings } from "../op.ts";
import { paramsOf, rangeBindings, rangeParams, type UpdateRange } from "./parameter-update.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./lbfgs-gradient.wgsl.ts"));

export const lbfgsGradientKernel = /* @__PURE__ */ new Kernel({
  name: "lbfgs_gradient",
  texts,
  uses: ["finite", "guard", "decayed_gradient"],
  workgroup: [64, 1, 1],
  params: { ...rangeParams, sign: "f32", weightDecay: "f32" },
  bindings: { ...rangeBindings, flat: "read_write" },
});

/** Keeps the gradient of one range, with its sign and its clipping, in place of an update. */
export function lbfgsGradient(range: UpdateRange, maximize: () => boolean, plan: PlanSettings): Dispatch {
  const { size, gradient, guard, factor } = range;
  return dispatch({
    kernel: lbfgsGradientKernel,
    params: () => ({ ...paramsOf(range), sign: maximize() ? -1 : 1, weightDecay: 0 }),
    bindings: { gradient, guard, factor, flat: range.state("flat_grad") },
    grid: linearGrid(size, plan),
    flops: size,
    bytes: 8 * size,
  });
}
