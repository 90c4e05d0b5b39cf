import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type PlanSettings } from "../op.ts";
import { paramsOf, rangeBindings, rangeParams, type UpdateRange } from "./parameter-update.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./rprop.wgsl.ts"));

export const rpropKernel = /* @__PURE__ */ new Kernel({
  name: "rprop",
  texts,
  uses: ["finite", "guard", "decayed_gradient"],
  workgroup: [64, 1, 1],
  params: {
    ...rangeParams,
    sign: "f32",
    weightDecay: "f32",
    lr: "f32",
    etaMinus: "f32",
    etaPlus: "f32",
    smallest: "f32",
    largest: "f32",
  },
  bindings: { ...rangeBindings, value: "read_write", before: "read_write", stepSize: "read_write" },
});

/** Values that may change from step to step. */
export interface RpropScalars {
  readonly lr: number;
  readonly etas: readonly [number, number];
  readonly stepSizes: readonly [number, number];
  readonly maximize: boolean;
}

/** Rprop's update of one range; reads its scalars before every replay. */
export function rpropUpdate(range: UpdateRange, scalars: () => RpropScalars, plan: PlanSettings): Dispatch {
  const { size, value, gradient, guard, factor } = range;
  return dispatch({
    kernel: rpropKernel,
    params: () => {
      const { lr, etas, stepSizes, maximize } = scalars();
      return {
        ...paramsOf(range),
        sign: maximize ? -1 : 1,
        weightDecay: 0,
        lr,
        etaMinus: etas[0],
        etaPlus: etas[1],
        smallest: stepSizes[0],
        largest: stepSizes[1],
      };
    },
    bindings: {
      gradient,
      guard,
      factor,
      value,
      before: range.state("prev"),
      stepSize: range.state("step_size"),
    },
    grid: linearGrid(size, plan),
    flops: 6 * size,
    bytes: 28 * size,
  });
}
