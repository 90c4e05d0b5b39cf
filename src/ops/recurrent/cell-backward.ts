import { gemm } from "../product/gemm.ts";
import { backwardOperands, backwardParamsAt } from "./backward-params.ts";
import { backwardProduct } from "./backward-product.ts";
import { pointwise, stepMicros } from "./cell-version.ts";
import type { BackwardVersion } from "./recurrence.ts";
import { stepsOf } from "./steps.ts";

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
