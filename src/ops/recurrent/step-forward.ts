import { stepDispatch, stepMicros } from "./step-version.ts";
import type { Version } from "./version.ts";

/** Recurrent product and cell in one kernel: one dispatch for each time step. */
export const stepForward: Version = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, "forward", plan),
  dispatches: (kernel, { recurrence, steps, paramsAt, operands }, plan) =>
    steps.map((step) => {
      const hasProduct = !step.isFirst || recurrence.hasInitialState;
      return stepDispatch(recurrence, kernel, paramsAt(step), operands, hasProduct, plan);
    }),
};
