import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type PlanSettings } from "../op.ts";
import { paramsOf, rangeBindings, rangeParams, type UpdateRange, updateLibrary } from "./parameter-update.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./rmsprop.wgsl.ts"));

export const rmspropKernel = /* @__PURE__ */ new Kernel({
  name: "rmsprop",
  texts,
  uses: updateLibrary,
  workgroup: [64, 1, 1],
  params: {
    ...rangeParams,
    centered: "u32",
    hasMomentum: "u32",
    sign: "f32",
    weightDecay: "f32",
    lr: "f32",
    alpha: "f32",
    oneMinusAlpha: "f32",
    eps: "f32",
    momentum: "f32",
  },
  bindings: {
    ...rangeBindings,
    value: "read_write",
    square: "read_write",
    mean: "read_write",
    velocity: "read_write",
  },
});

/** Values that may change from step to step. */
export interface RmspropScalars {
  readonly lr: number;
  readonly alpha: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly momentum: number;
  readonly maximize: boolean;
}

/** RMSprop's update of one range; reads its scalars before every replay. */
export function rmspropUpdate(
  range: UpdateRange,
  scalars: () => RmspropScalars,
  plan: PlanSettings,
): Dispatch {
  const { size, value, gradient, guard, factor } = range;
  const square = range.state("square_avg");
  const mean = range.state("grad_avg");
  const velocity = range.state("momentum_buffer");
  return dispatch({
    kernel: rmspropKernel,
    params: () => {
      const { lr, alpha, eps, weightDecay, momentum, maximize } = scalars();
      return {
        ...paramsOf(range),
        centered: flag(mean),
        hasMomentum: flag(velocity),
        sign: maximize ? -1 : 1,
        weightDecay,
        lr,
        alpha,
        oneMinusAlpha: 1 - alpha,
        eps,
        momentum,
      };
    },
    bindings: { gradient, guard, factor, value, square, mean, velocity },
    grid: linearGrid(size, plan),
    flops: 14 * size,
    bytes: (20 + (mean ? 8 : 0) + (velocity ? 8 : 0)) * size,
  });
}
