import { hasLanes4 } from "../lanes4.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import { backwardParamsAt } from "./backward-params.ts";
import type { Cell } from "./cell.ts";
import { cellBackward } from "./cell-backward.ts";
import { fastestSteps } from "./fastest.ts";
import { sequence4 } from "./forward-steps.ts";
import { projectedBackward } from "./projection-backward.ts";
import type { Recurrence, RecurrenceGradients } from "./recurrence.ts";
import { stepBackward } from "./step-backward.ts";
import { stepsOf } from "./steps.ts";
import type { StepPass } from "./version.ts";

function backwardPass(recurrence: Recurrence, gradients: RecurrenceGradients): StepPass {
  const { gates, weight, hidden, cells, lengths } = recurrence;
  const { output: gradOutput, hiddenCarry, cellCarry, keepsHidden } = gradients;
  return {
    recurrence,
    steps: stepsOf(recurrence).reverse(),
    paramsAt: (step) => backwardParamsAt(recurrence, gradients, step),
    operands: { gates, weight, hidden, cells, lengths, gradOutput, hiddenCarry, cellCarry },
    keepsHidden,
  };
}

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
  if (recurrence.projection)
    return projectedBackward(cell.kernels.backward.cell, recurrence, gradients, plan);
  const versions = {
    step: stepBackward,
    cell: cellBackward,
    ...(hasLanes4(plan.facts) && { sequence4: sequence4.module.sequence4Backward }),
  };
  const passOf = (of: Recurrence, isTrial: boolean) =>
    backwardPass(of, isTrial ? trialGradients(of, gradients, plan) : gradients);
  return fastestSteps(cell, "backward", versions, recurrence, passOf, plan);
}
