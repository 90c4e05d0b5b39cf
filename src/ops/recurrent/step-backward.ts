import { stepDispatch, stepMicros } from "./step-version.ts";
import type { Version } from "./version.ts";

/** Recurrent product and cell backward in one kernel: one dispatch for each time step. */
export const stepBackward: Version = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, "backward", plan),
  dispatches: (kernel, { recurrence, steps, paramsAt, operands }, plan) =>
    steps.map((step) => stepDispatch(recurrence, kernel, paramsAt(step), operands, !step.isLast, plan)),
};
