import cellLibrary from "../../shaders/lib/lstm_cell.wgsl?raw";
import backwardSource from "../../shaders/lstm_step_backward.wgsl?raw";
import forwardSource from "../../shaders/lstm_step_forward.wgsl?raw";
import { Kernel } from "../gpu/kernel.ts";
import { type Dispatch, dispatch, type PlanContext } from "./op.ts";
import {
  backwardParams,
  backwardParamsAt,
  forwardParams,
  forwardParamsAt,
  type Recurrence,
  type RecurrenceGradients,
  type RecurrentVersion,
} from "./recurrence.ts";

export const lstmStepForward = new Kernel({
  name: "lstm_step_forward",
  source: forwardSource,
  library: [cellLibrary],
  workgroup: [8, 4, 1],
  params: forwardParams,
  bindings: { gates: "read_write", weight: "read", bias: "read", hidden: "read_write", cells: "read_write" },
});

export const lstmStepBackward = new Kernel({
  name: "lstm_step_backward",
  source: backwardSource,
  library: [cellLibrary],
  workgroup: [8, 4, 1],
  params: { ...backwardParams, nextGate: "u32" },
  bindings: {
    gates: "read_write",
    weight: "read",
    cells: "read",
    gradOutput: "read",
    gradHidden: "read",
    carry: "read_write",
  },
});

/** Batch rows and units of a workgroup: 4 × 8 invocations of 4 rows × 2 units. */
const ROWS = 16;
const UNITS = 16;

/** Recurrent product, gates and cell update fused: one dispatch a time step. */
export const stepVersion: RecurrentVersion = {
  forward(recurrence: Recurrence): Dispatch[] {
    const { sizes, gates, weight, bias, hidden, cells, hasInitialState } = recurrence;
    const { T, N, H } = sizes;
    return Array.from({ length: T }, (_, t) => {
      const hasBefore = t > 0 || hasInitialState;
      return dispatch({
        kernel: lstmStepForward,
        params: forwardParamsAt(recurrence, t),
        bindings: { gates, weight, bias, hidden, cells },
        grid: [Math.ceil(H / UNITS), Math.ceil(N / ROWS), 1],
        flops: (hasBefore ? 8 * N * H * H : 0) + 30 * N * H,
        bytes: 4 * (4 * H * H + 12 * N * H),
      });
    });
  },

  backward(recurrence: Recurrence, gradients: RecurrenceGradients, _plan: PlanContext): Dispatch[] {
    const { sizes, gates, weight, cells } = recurrence;
    const { T, N, H } = sizes;
    return Array.from({ length: T }, (_, i) => {
      const t = T - 1 - i;
      const last = t === T - 1;
      return dispatch({
        kernel: lstmStepBackward,
        params: { ...backwardParamsAt(recurrence, gradients, t), nextGate: last ? 0 : (t + 1) * N * H },
        bindings: {
          gates,
          weight,
          cells,
          gradOutput: gradients.output,
          gradHidden: gradients.hidden,
          carry: gradients.carry,
        },
        grid: [Math.ceil(H / UNITS), Math.ceil(N / ROWS), 1],
        flops: (last ? 0 : 8 * N * H * H) + 30 * N * H,
        bytes: 4 * (4 * H * H + 17 * N * H),
      });
    });
  },
};
