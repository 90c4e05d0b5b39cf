import adamSource from "../../shaders/adam.wgsl?raw";
import { Kernel } from "../gpu/kernel.ts";
import { type Dispatch, dispatch, type FlatRange, linearGrid, type PlanContext } from "./op.ts";

export const adamKernel = new Kernel({
  name: "adam",
  source: adamSource,
  workgroup: [64, 1, 1],
  params: {
    offset: "u32",
    size: "u32",
    stepSize: "f32",
    beta1: "f32",
    oneMinusBeta1: "f32",
    beta2: "f32",
    oneMinusBeta2: "f32",
    rootCorrection2: "f32",
    eps: "f32",
    weightDecay: "f32",
  },
  bindings: { gradient: "read", value: "read_write", moment1: "read_write", moment2: "read_write" },
});

/** What may change from step to step. */
export interface AdamScalars {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  /** Steps done, this one included: from 1. */
  readonly step: number;
}

/** Adam's update of one range, its scalars read anew before every replay. */
export function adamUpdate(range: FlatRange, scalars: () => AdamScalars, plan: PlanContext): Dispatch {
  const { offset, size, value, gradient } = range;
  return dispatch({
    kernel: adamKernel,
    params: () => {
      const { lr, betas, eps, weightDecay, step } = scalars();
      const [beta1, beta2] = betas;
      return {
        offset,
        size,
        stepSize: lr / (1 - beta1 ** step),
        beta1,
        oneMinusBeta1: 1 - beta1,
        beta2,
        oneMinusBeta2: 1 - beta2,
        rootCorrection2: Math.sqrt(1 - beta2 ** step),
        eps,
        weightDecay,
      };
    },
    bindings: { gradient, value, moment1: range.state[0]!, moment2: range.state[1]! },
    grid: linearGrid(size, plan),
    flops: 14 * size,
    bytes: 28 * size,
  });
}
