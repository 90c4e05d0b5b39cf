import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type PlanSettings } from "../op.ts";
import { paramsOf, rangeBindings, rangeParams, type UpdateRange } from "./parameter-update.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./sgd.wgsl.ts"));

export const sgdKernel = /* @__PURE__ */ new Kernel({
  name: "sgd",
  texts,
  uses: ["finite", "guard", "decayed_gradient"],
  workgroup: [64, 1, 1],
  params: {
    ...rangeParams,
    hasMomentum: "u32",
    isFirst: "u32",
    nesterov: "u32",
    sign: "f32",
    weightDecay: "f32",
    lr: "f32",
    momentum: "f32",
    oneMinusDampening: "f32",
  },
  bindings: { ...rangeBindings, value: "read_write", velocity: "read_write" },
});

/** Values that may change from step to step. */
export interface SgdScalars {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly maximize: boolean;
  /** Whether this is the first step with momentum, which takes the gradient itself. */
  readonly isFirst: boolean;
}

/** SGD's update of one range; reads its scalars before every replay. */
export function sgdUpdate(range: UpdateRange, scalars: () => SgdScalars, plan: PlanSettings): Dispatch {
  const { size, value, gradient, guard, factor } = range;
  const velocity = range.state("momentum_buffer");
  return dispatch({
    kernel: sgdKernel,
    params: () => {
      const { lr, momentum, dampening, weightDecay, nesterov, maximize, isFirst } = scalars();
      return {
        ...paramsOf(range),
        hasMomentum: flag(velocity),
        isFirst: flag(isFirst),
        nesterov: flag(nesterov),
        sign: maximize ? -1 : 1,
        weightDecay,
        lr,
        momentum,
        oneMinusDampening: 1 - dampening,
      };
    },
    bindings: { gradient, guard, factor, value, velocity },
    grid: linearGrid(size, plan),
    flops: 8 * size,
    bytes: (velocity ? 20 : 12) * size,
  });
}
