import { forwardParamsAt } from "./params.ts";
import type { ForwardVersion } from "./recurrence.ts";
import { stepDispatch, stepMicros } from "./step-version.ts";
import { stepsOf } from "./steps.ts";
import { forwardOperands } from "./version.ts";

/** Recurrent product and cell in one kernel: one dispatch for each time step. */
export const stepForward: ForwardVersion = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, "forward", plan),
  dispatches: (kernel, recurrence) =>
    stepsOf(recurrence).map((step) => {
      const hasProduct = !step.isFirst || recurrence.hasInitialState;
      const params = forwardParamsAt(recurrence, step);
      return stepDispatch(recurrence, kernel, params, forwardOperands(recurrence), hasProduct);
    }),
};
