import { backwardOperands, backwardParamsAt } from "./backward-params.ts";
import type { BackwardVersion } from "./recurrence.ts";
import { stepDispatch, stepMicros } from "./step-version.ts";
import { stepsOf } from "./steps.ts";

/** Recurrent product and cell backward in one kernel: one dispatch for each time step. */
export const stepBackward: BackwardVersion = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, "backward", plan),
  dispatches: (kernel, recurrence, gradients) =>
    stepsOf(recurrence)
      .reverse()
      .map((step) => {
        const params = backwardParamsAt(recurrence, gradients, step);
        const operands = backwardOperands(recurrence, gradients);
        return stepDispatch(recurrence, kernel, params, operands, !step.isLast);
      }),
};
