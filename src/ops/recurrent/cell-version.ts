import type { Kernel } from "../../gpu/kernel.ts";
import { predictMicros } from "../choice.ts";
import { type Dispatch, dispatch, linearGrid, type PlanContext } from "../op.ts";
import { gemm, gemmMicros } from "../product/gemm.ts";
import type { Product } from "../product/product.ts";
import { backwardParamsAt, forwardParamsAt } from "./params.ts";
import { backwardProduct, forwardProduct } from "./products.ts";
import type { BackwardVersion, ForwardVersion, Recurrence } from "./recurrence.ts";
import { stepsOf } from "./steps.ts";
import {
  backwardOperands,
  bind,
  forwardOperands,
  POINTWISE_FLOPS,
  pointwiseWork,
  type StepOperands,
} from "./version.ts";

/** The pointwise part of one step. */
export function pointwise(
  { sizes: { N, H, slots } }: Recurrence,
  kernel: Kernel,
  params: Readonly<Record<string, number>>,
  operands: StepOperands,
  plan: PlanContext,
): Dispatch {
  return dispatch({
    kernel,
    params,
    bindings: bind(kernel, operands),
    grid: linearGrid(N * H, plan),
    flops: slots * POINTWISE_FLOPS * N * H,
    bytes: 4 * slots * 3 * N * H,
  });
}

/** Predicted µs for a product and the pointwise part of one step. */
function stepMicros({ sizes: { N, H, slots } }: Recurrence, product: Product, plan: PlanContext): number {
  const groups = Math.ceil((N * H) / 64);
  return gemmMicros(product, plan) + predictMicros({ groups, ...pointwiseWork(N * H * slots) }, plan.facts);
}

/** The plain version: for every time step a product, then a pointwise kernel. */
export const cellForward: ForwardVersion = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, forwardProduct(recurrence, 0, 0), plan),
  dispatches: (kernel, recurrence, plan) =>
    stepsOf(recurrence).flatMap((step) => {
      const { t, before, isFirst } = step;
      const hasBefore = !isFirst || recurrence.hasInitialState;
      const params = forwardParamsAt(recurrence, step);
      return [
        ...(hasBefore ? [gemm(forwardProduct(recurrence, t, before), plan)] : []),
        pointwise(recurrence, kernel, params, forwardOperands(recurrence), plan),
      ];
    }),
};

/** The plain version backward: for every time step a product, then a pointwise kernel. */
export const cellBackward: BackwardVersion = {
  stepMicros: (recurrence, plan) =>
    stepMicros(recurrence, backwardProduct(recurrence, 0, recurrence.hidden), plan),
  dispatches: (kernel, recurrence, gradients, plan) => {
    const { N, R } = recurrence.sizes;
    const recurrent = plan.temporary([N, R]);
    return stepsOf(recurrence)
      .reverse()
      .flatMap((step) => {
        const { next, isLast } = step;
        const params = backwardParamsAt(recurrence, gradients, step);
        const operands = {
          ...backwardOperands(recurrence, gradients),
          recurrent: isLast ? null : recurrent,
        };
        return [
          ...(isLast ? [] : [gemm(backwardProduct(recurrence, next, recurrent), plan)]),
          pointwise(recurrence, kernel, params, operands, plan),
        ];
      });
  },
};
