import type { Dispatch, PlanContext } from "../op.ts";
import type { Cell } from "./cell.ts";
import { cellForward } from "./cell-forward.ts";
import { fastest } from "./fastest.ts";
import { projectedForward } from "./projection-forward.ts";
import type { Recurrence } from "./recurrence.ts";
import { sequence4Forward } from "./sequence4-forward.ts";
import { stepForward } from "./step-forward.ts";

/** The forward steps of a span. */
export function forwardSteps(cell: Cell, recurrence: Recurrence, plan: PlanContext): Dispatch[] {
  const kernels = cell.kernels.forward;
  if (recurrence.projection) return projectedForward(kernels.cell, recurrence, plan);
  const [version, kernel] = fastest(
    cell,
    "forward",
    { step: stepForward, cell: cellForward, sequence4: sequence4Forward },
    kernels,
    recurrence,
    plan,
    (version, kernel, trial) => version.dispatches(kernel, trial, plan),
  );
  return version.dispatches(kernel, recurrence, plan);
}
