import { Kernel } from "../../gpu/kernel.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanSettings } from "../op.ts";
import type { GradientRange } from "./gradient-norm.ts";
import { gradientTexts } from "./texts.ts";

export const gradientAccumulate = /* @__PURE__ */ new Kernel({
  name: "gradient_accumulate",
  texts: gradientTexts,
  workgroup: [64, 1, 1],
  params: { offset: "u32", size: "u32", begins: "u32", weight: "f32" },
  bindings: { gradient: "read", total: "read_write" },
});

export const gradientAverage = /* @__PURE__ */ new Kernel({
  name: "gradient_average",
  texts: gradientTexts,
  workgroup: [64, 1, 1],
  params: { offset: "u32", size: "u32", scale: "f32" },
  bindings: { total: "read", gradient: "read_write" },
});

/** Gradients of adjacent parameters, and the buffer with the same layout that accumulates them. */
export interface AccumulatedRange extends GradientRange {
  readonly total: Operand;
}

/** Adds one run's gradients to the total. Reads its scalars before every run. */
export function accumulateGradients(
  { offset, size, gradient, total }: AccumulatedRange,
  run: () => { readonly begins: boolean; readonly weight: number },
  plan: PlanSettings,
): Dispatch {
  return dispatch({
    kernel: gradientAccumulate,
    params: () => {
      const { begins, weight } = run();
      return { offset, size, begins: flag(begins), weight };
    },
    bindings: { gradient, total },
    grid: linearGrid(size, plan),
    flops: 2 * size,
    bytes: 12 * size,
  });
}

/** Writes the total back to the gradients, times a factor read before every update. */
export function averageGradients(
  { offset, size, gradient, total }: AccumulatedRange,
  scale: () => number,
  plan: PlanSettings,
): Dispatch {
  return dispatch({
    kernel: gradientAverage,
    params: () => ({ offset, size, scale: scale() }),
    bindings: { total, gradient },
    grid: linearGrid(size, plan),
    flops: size,
    bytes: 8 * size,
  });
}
