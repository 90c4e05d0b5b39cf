import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type PlanSettings } from "../op.ts";
import { paramsOf, rangeBindings, rangeParams, type UpdateRange, updateLibrary } from "./parameter-update.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./adam.wgsl.ts"));

export const adamKernel = /* @__PURE__ */ new Kernel({
  name: "adam",
  texts,
  uses: updateLibrary,
  workgroup: [64, 1, 1],
  params: {
    ...rangeParams,
    amsgrad: "u32",
    adaptive: "u32",
    sign: "f32",
    weightDecay: "f32",
    keep: "f32",
    oneMinusBeta1: "f32",
    beta2: "f32",
    oneMinusBeta2: "f32",
    gradientStep: "f32",
    momentStep: "f32",
    rootCorrection2: "f32",
    eps: "f32",
  },
  bindings: {
    ...rangeBindings,
    value: "read_write",
    moment1: "read_write",
    moment2: "read_write",
    largest: "read_write",
  },
});

/** Scalars that an optimizer of Adam's family computes for every step; see shaders/update/adam.wgsl for their meaning. */
export interface AdamScalars {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly momentStep: number;
  /** Default 0. */
  readonly gradientStep?: number;
  /** Default 1. */
  readonly rootCorrection2?: number;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Factor on a parameter before the step. Default 1. */
  readonly keep?: number;
  /** Default false. */
  readonly maximize?: boolean;
  /** Whether to divide the step by the root of the second moment. Default true. */
  readonly adaptive?: boolean;
}

/** Weight decay as an L2 penalty, or decoupled: as a factor on the parameter. */
export function decayOf({
  lr,
  weightDecay,
  decoupledWeightDecay,
}: {
  readonly lr: number;
  readonly weightDecay: number;
  readonly decoupledWeightDecay: boolean;
}): Pick<AdamScalars, "weightDecay" | "keep"> {
  return decoupledWeightDecay ? { weightDecay: 0, keep: 1 - lr * weightDecay } : { weightDecay, keep: 1 };
}

/** The update of one range by Adam, AdamW, NAdam or RAdam; reads its scalars before every replay. */
export function adamUpdate(range: UpdateRange, scalars: () => AdamScalars, plan: PlanSettings): Dispatch {
  const { size, value, gradient, guard, factor } = range;
  const largest = range.state("max_exp_avg_sq");
  return dispatch({
    kernel: adamKernel,
    params: () => {
      const { betas, eps, momentStep, ...rest } = scalars();
      const [beta1, beta2] = betas;
      return {
        ...paramsOf(range),
        amsgrad: flag(largest),
        adaptive: flag(rest.adaptive ?? true),
        sign: rest.maximize ? -1 : 1,
        weightDecay: rest.weightDecay ?? 0,
        keep: rest.keep ?? 1,
        oneMinusBeta1: 1 - beta1,
        beta2,
        oneMinusBeta2: 1 - beta2,
        gradientStep: rest.gradientStep ?? 0,
        momentStep,
        rootCorrection2: rest.rootCorrection2 ?? 1,
        eps,
      };
    },
    bindings: {
      gradient,
      guard,
      factor,
      value,
      moment1: range.state("exp_avg"),
      moment2: range.state("exp_avg_sq"),
      largest,
    },
    grid: linearGrid(size, plan),
    flops: 18 * size,
    bytes: (largest ? 36 : 28) * size,
  });
}
