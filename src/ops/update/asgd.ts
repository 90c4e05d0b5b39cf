import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type PlanSettings } from "../op.ts";
import { paramsOf, rangeBindings, rangeParams, type UpdateRange } from "./parameter-update.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./asgd.wgsl.ts"));

export const asgdKernel = /* @__PURE__ */ new Kernel({
  name: "asgd",
  texts,
  uses: ["finite", "guard", "decayed_gradient"],
  workgroup: [64, 1, 1],
  params: { ...rangeParams, sign: "f32", weightDecay: "f32", keep: "f32", eta: "f32", mu: "f32" },
  bindings: { ...rangeBindings, value: "read_write", average: "read_write" },
});

/** Values that may change from step to step. */
export interface AsgdScalars {
  /** Factor on a parameter before the step. */
  readonly keep: number;
  /** Step size. */
  readonly eta: number;
  /** Weight of the parameter in its average. */
  readonly mu: number;
  readonly weightDecay: number;
  readonly maximize: boolean;
}

/** ASGD's update of one range; reads its scalars before every replay. */
export function asgdUpdate(range: UpdateRange, scalars: () => AsgdScalars, plan: PlanSettings): Dispatch {
  const { size, value, gradient, guard, factor } = range;
  return dispatch({
    kernel: asgdKernel,
    params: () => {
      const { keep, eta, mu, weightDecay, maximize } = scalars();
      return { ...paramsOf(range), sign: maximize ? -1 : 1, weightDecay, keep, eta, mu };
    },
    bindings: { gradient, guard, factor, value, average: range.state("ax") },
    grid: linearGrid(size, plan),
    flops: 9 * size,
    bytes: 20 * size,
  });
}
