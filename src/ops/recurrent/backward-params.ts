/** Values that a backward step's kernels take. */
import { flag } from "../op.ts";
import { placeOf } from "./params.ts";
import type { Recurrence, RecurrenceGradients } from "./recurrence.ts";
import { gateBlock, type Step } from "./steps.ts";
import type { StepOperands } from "./version.ts";

/** Operands of the backward kernels. */
export function backwardOperands(recurrence: Recurrence, gradients: RecurrenceGradients): StepOperands {
  const { gates, weight, hidden, cells, lengths } = recurrence;
  const { output: gradOutput, hiddenCarry, cellCarry } = gradients;
  return { gates, weight, hidden, cells, lengths, gradOutput, hiddenCarry, cellCarry };
}

/** Values for a backward step; a kernel takes those it declares. */
export function backwardParamsAt(recurrence: Recurrence, gradients: RecurrenceGradients, step: Step) {
  const { N, H } = recurrence.sizes;
  const { isLast, next } = step;
  return {
    ...placeOf(recurrence, step),
    nextGate: isLast ? 0 : gateBlock(recurrence, next) * N * H,
    hasNext: flag(!isLast),
    hasGradOutput: flag(gradients.output),
    hasHiddenCarry: hasHiddenCarry(gradients, step),
    keepsHiddenCarry: flag(gradients.keepsHidden),
    hasCellCarry: flag(!isLast || gradients.hasCell),
    nextTime: isLast ? 0 : next,
  };
}

/** Whether hiddenCarry has a value when a backward step begins. */
export function hasHiddenCarry({ hasHidden, keepsHidden }: RecurrenceGradients, { isLast }: Step): 0 | 1 {
  return flag(isLast ? hasHidden : keepsHidden);
}
