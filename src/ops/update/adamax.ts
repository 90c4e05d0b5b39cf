import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type PlanSettings } from "../op.ts";
import { paramsOf, rangeBindings, rangeParams, type UpdateRange, updateLibrary } from "./parameter-update.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./adamax.wgsl.ts"));

export const adamaxKernel = /* @__PURE__ */ new Kernel({
  name: "adamax",
  texts,
  uses: updateLibrary,
  workgroup: [64, 1, 1],
  params: {
    ...rangeParams,
    sign: "f32",
    weightDecay: "f32",
    rate: "f32",
    oneMinusBeta1: "f32",
    beta2: "f32",
    eps: "f32",
  },
  bindings: { ...rangeBindings, value: "read_write", moment: "read_write", largest: "read_write" },
});

/** Values that may change from step to step. */
export interface AdamaxScalars {
  /** Learning rate with the moment's bias correction. */
  readonly rate: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly maximize: boolean;
}

/** Adamax's update of one range; reads its scalars before every replay. */
export function adamaxUpdate(range: UpdateRange, scalars: () => AdamaxScalars, plan: PlanSettings): Dispatch {
  const { size, value, gradient, guard, factor } = range;
  return dispatch({
    kernel: adamaxKernel,
    params: () => {
      const { rate, betas, eps, weightDecay, maximize } = scalars();
      const [beta1, beta2] = betas;
      return {
        ...paramsOf(range),
        sign: maximize ? -1 : 1,
        weightDecay,
        rate,
        oneMinusBeta1: 1 - beta1,
        beta2,
        eps,
      };
    },
    bindings: {
      gradient,
      guard,
      factor,
      value,
      moment: range.state("exp_avg"),
      largest: range.state("exp_inf"),
    },
    grid: linearGrid(size, plan),
    flops: 12 * size,
    bytes: 28 * size,
  });
}
