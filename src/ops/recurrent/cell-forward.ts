import { gemm } from "../product/gemm.ts";
import { pointwise, stepMicros } from "./cell-version.ts";
import { forwardProduct } from "./products.ts";
import type { Version } from "./version.ts";

/** The plain version: for every time step a product, then a pointwise kernel. */
export const cellForward: Version = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, forwardProduct(recurrence, 0, 0), plan),
  dispatches: (kernel, { recurrence, steps, paramsAt, operands }, plan) =>
    steps.flatMap((step) => [
      gemm(forwardProduct(recurrence, step.t, step.before), plan),
      pointwise(recurrence, kernel, paramsAt(step), operands, plan),
    ]),
};
