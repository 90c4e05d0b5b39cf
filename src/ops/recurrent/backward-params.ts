/** Values that a backward step's kernels take. */
import { flag } from "../op.ts";
import { placeOf } from "./params.ts";
import type { Recurrence, RecurrenceGradients } from "./recurrence.ts";
import { gateBlock, type Step } from "./steps.ts";

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
