import type { Dispatch, PlanContext } from "../op.ts";
import type { Cell } from "./cell.ts";
import { cellBackward } from "./cell-backward.ts";
import { fastest } from "./fastest.ts";
import { projectedBackward } from "./projection-backward.ts";
import type { Recurrence, RecurrenceGradients } from "./recurrence.ts";
import { sequence4Backward } from "./sequence4-backward.ts";
import { stepBackward } from "./step-backward.ts";

/** The gradients of a trial. */
function trialGradients(
  { sizes: { T, N, H, R } }: Recurrence,
  gradients: RecurrenceGradients,
  plan: PlanContext,
): RecurrenceGradients {
  return {
    ...gradients,
    output: gradients.output && plan.temporary([T, N, R]),
    hiddenCarry: gradients.hiddenCarry && plan.temporary([N, R]),
    cellCarry: gradients.cellCarry && plan.temporary([N, H]),
  };
}

/** The backward steps of a span; `gates` then holds dG, the gradients of the preactivations. */
export function backwardSteps(
  cell: Cell,
  recurrence: Recurrence,
  gradients: RecurrenceGradients,
  plan: PlanContext,
): Dispatch[] {
  const kernels = cell.kernels.backward;
  if (recurrence.projection) {
    return projectedBackward(kernels.cell, recurrence, gradients, plan);
  }
  const [version, kernel] = fastest(
    cell,
    "backward",
    { step: stepBackward, cell: cellBackward, sequence4: sequence4Backward },
    kernels,
    recurrence,
    plan,
    (version, kernel, trial) =>
      version.dispatches(kernel, trial, trialGradients(trial, gradients, plan), plan),
  );
  return version.dispatches(kernel, recurrence, gradients, plan);
}
