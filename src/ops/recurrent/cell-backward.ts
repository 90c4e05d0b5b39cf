import { gemm } from "../product/gemm.ts";
import { backwardProduct } from "./backward-product.ts";
import { pointwise, stepMicros } from "./cell-version.ts";
import type { Version } from "./version.ts";

/** The plain version backward: for every time step a product, then a pointwise kernel. */
export const cellBackward: Version = {
  stepMicros: (recurrence, plan) =>
    stepMicros(recurrence, backwardProduct(recurrence, 0, recurrence.hidden), plan),
  dispatches: (kernel, { recurrence, steps, paramsAt, operands }, plan) => {
    const { N, R } = recurrence.sizes;
    const recurrent = plan.temporary([N, R]);
    return steps.flatMap((step) => {
      const { next, isLast } = step;
      const own = { ...operands, recurrent: isLast ? null : recurrent };
      return [
        ...(isLast ? [] : [gemm(backwardProduct(recurrence, next, recurrent), plan)]),
        pointwise(recurrence, kernel, paramsAt(step), own, plan),
      ];
    });
  },
};
