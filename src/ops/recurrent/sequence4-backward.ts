import { LANES4 } from "../lanes4.ts";
import { flag } from "../op.ts";
import { backwardOperands, backwardParamsAt } from "./backward-params.ts";
import { forwardParamsAt } from "./params.ts";
import type { BackwardVersion } from "./recurrence.ts";
import {
  QUADS,
  segmentDispatch,
  segmentParams,
  segments,
  sharesOf,
  stepMicros,
} from "./sequence4-version.ts";

/** Many steps backward in one dispatch, for subgroups of four lanes. */
export const sequence4Backward: BackwardVersion = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, "backward", plan),
  dispatches: (kernel, recurrence, gradients, plan) => {
    const { N } = recurrence.sizes;
    const { subgroups, blocks } = sharesOf(recurrence);
    const partial = plan.temporary([2, N, subgroups, 16 * blocks]);
    const operands = { ...backwardOperands(recurrence, gradients), partial };
    const sized = kernel.with({
      BLOCKS: blocks,
      COLUMNS: 4 * blocks,
      WEIGHTS: 4 * QUADS * blocks,
      SUBGROUPS: subgroups,
      LANES: LANES4 * subgroups,
      HAS_LENGTHS: flag(recurrence.lengths),
      KEEPS_CARRY: flag(gradients.keepsHidden),
    });
    return segments(recurrence, "backward", plan).map((steps) => {
      const first = backwardParamsAt(recurrence, gradients, steps[0]!);
      const { hasBefore } = forwardParamsAt(recurrence, steps[steps.length - 1]!);
      const params = { ...first, hasBefore, ...segmentParams(recurrence, steps, -1) };
      return segmentDispatch(recurrence, sized, params, operands, steps, plan);
    });
  },
};
