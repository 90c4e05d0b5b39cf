import { LANES4 } from "../lanes4.ts";
import { flag } from "../op.ts";
import { forwardParamsAt } from "./params.ts";
import type { ForwardVersion } from "./recurrence.ts";
import {
  QUADS,
  segmentDispatch,
  segmentParams,
  segments,
  sharesOf,
  stepMicros,
} from "./sequence4-version.ts";
import { forwardOperands } from "./version.ts";

/** Many steps in one dispatch, for subgroups of four lanes: a workgroup owns some batch rows, and all units and steps of them. */
export const sequence4Forward: ForwardVersion = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, "forward", plan),
  dispatches: (kernel, recurrence, plan) => {
    const { subgroups, blocks } = sharesOf(recurrence);
    const sized = kernel.with({
      DEPTHS: blocks,
      TILE: 4 * QUADS * blocks,
      LANES: LANES4 * subgroups,
      HAS_LENGTHS: flag(recurrence.lengths),
    });
    return segments(recurrence, "forward", plan).map((steps) => {
      const first = forwardParamsAt(recurrence, steps[0]!);
      const isRing = flag(recurrence.cellsAt.isRing);
      const params = { ...first, isRing, ...segmentParams(recurrence, steps, 1) };
      return segmentDispatch(recurrence, sized, params, forwardOperands(recurrence), steps, plan);
    });
  },
};
