import { stepDispatch, stepMicros } from "./step-version.ts";
import type { Version } from "./version.ts";

/** Recurrent product and cell in one kernel: one dispatch for each time step. */
export const stepForward: Version = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, "forward", plan),
  dispatches: (kernel, { recurrence, steps, paramsAt, operands }, plan) =>
    steps.map((step) => stepDispatch(recurrence, kernel, paramsAt(step), operands, true, plan)),
};
