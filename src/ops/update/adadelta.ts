import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type PlanSettings } from "../op.ts";
import { paramsOf, rangeBindings, rangeParams, type UpdateRange, updateLibrary } from "./parameter-update.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./adadelta.wgsl.ts"));

export const adadeltaKernel = /* @__PURE__ */ new Kernel({
  name: "adadelta",
  texts,
  uses: updateLibrary,
  workgroup: [64, 1, 1],
  params: {
    ...rangeParams,
    sign: "f32",
    weightDecay: "f32",
    lr: "f32",
    rho: "f32",
    oneMinusRho: "f32",
    eps: "f32",
  },
  bindings: { ...rangeBindings, value: "read_write", square: "read_write", accumulated: "read_write" },
});

/** Values that may change from step to step. */
export interface AdadeltaScalars {
  readonly lr: number;
  readonly rho: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly maximize: boolean;
}

/** Adadelta's update of one range; reads its scalars before every replay. */
export function adadeltaUpdate(
  range: UpdateRange,
  scalars: () => AdadeltaScalars,
  plan: PlanSettings,
): Dispatch {
  const { size, value, gradient, guard, factor } = range;
  return dispatch({
    kernel: adadeltaKernel,
    params: () => {
      const { lr, rho, eps, weightDecay, maximize } = scalars();
      return {
        ...paramsOf(range),
        sign: maximize ? -1 : 1,
        weightDecay,
        lr,
        rho,
        oneMinusRho: 1 - rho,
        eps,
      };
    },
    bindings: {
      gradient,
      guard,
      factor,
      value,
      square: range.state("square_avg"),
      accumulated: range.state("acc_delta"),
    },
    grid: linearGrid(size, plan),
    flops: 17 * size,
    bytes: 28 * size,
  });
}
