import { gemm } from "../product/gemm.ts";
import { pointwise, stepMicros } from "./cell-version.ts";
import { forwardParamsAt } from "./params.ts";
import { forwardProduct } from "./products.ts";
import type { ForwardVersion } from "./recurrence.ts";
import { stepsOf } from "./steps.ts";
import { forwardOperands } from "./version.ts";

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
