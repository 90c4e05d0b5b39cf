import { OnDemand } from "../../ondemand.ts";
import { hasLanes4 } from "../lanes4.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import type { Cell } from "./cell.ts";
import { cellForward } from "./cell-forward.ts";
import { fastestSteps } from "./fastest.ts";
import { forwardParamsAt } from "./params.ts";
import { projectedForward } from "./projection-forward.ts";
import type { Recurrence } from "./recurrence.ts";
import { stepForward } from "./step-forward.ts";
import { stepsOf } from "./steps.ts";
import type { StepPass } from "./version.ts";

/** The versions for subgroups of four lanes, which load where a device has them. */
export const sequence4 = /* @__PURE__ */ new OnDemand(() => import("./sequence4.ts"));

function forwardPass(recurrence: Recurrence): StepPass {
  const { gates, weight, bias, hidden, cells, lengths } = recurrence;
  return {
    recurrence,
    steps: stepsOf(recurrence),
    paramsAt: (step) => forwardParamsAt(recurrence, step),
    operands: { gates, weight, bias, hidden, cells, lengths },
    keepsHidden: false,
  };
}

/** The forward steps of a span. */
export function forwardSteps(cell: Cell, recurrence: Recurrence, plan: PlanContext): Dispatch[] {
  if (recurrence.projection) return projectedForward(cell.kernels.forward.cell, recurrence, plan);
  const versions = {
    step: stepForward,
    cell: cellForward,
    ...(hasLanes4(plan.facts) && { sequence4: sequence4.module.sequence4Forward }),
  };
  return fastestSteps(cell, "forward", versions, recurrence, forwardPass, plan);
}
