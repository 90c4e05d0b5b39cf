import cellLibrary from "../../shaders/lib/lstm_cell.wgsl?raw";
import updateBackward from "../../shaders/lib/lstm_update_backward.wgsl?raw";
import updateForward from "../../shaders/lib/lstm_update_forward.wgsl?raw";
import backwardSource from "../../shaders/lstm_cell_backward.wgsl?raw";
import forwardSource from "../../shaders/lstm_cell_forward.wgsl?raw";
import { Kernel } from "../gpu/kernel.ts";
import { gemm } from "./gemm.ts";
import { type Dispatch, dispatch, linearGrid, type PlanContext } from "./op.ts";
import {
  backwardParams,
  backwardParamsAt,
  forwardParams,
  forwardParamsAt,
  type Recurrence,
  type RecurrenceGradients,
  type RecurrentVersion,
} from "./recurrence.ts";

export const lstmCellForward = new Kernel({
  name: "lstm_cell_forward",
  source: forwardSource,
  library: [cellLibrary, updateForward],
  workgroup: [64, 1, 1],
  params: forwardParams,
  bindings: { gates: "read_write", bias: "read", hidden: "read_write", cells: "read_write" },
});

export const lstmCellBackward = new Kernel({
  name: "lstm_cell_backward",
  source: backwardSource,
  library: [cellLibrary, updateBackward],
  workgroup: [64, 1, 1],
  params: backwardParams,
  bindings: {
    gates: "read_write",
    recurrent: "read",
    cells: "read",
    gradOutput: "read",
    gradHidden: "read",
    carry: "read_write",
  },
});

/** The plain version: a product, then a pointwise kernel, for every time step. */
export const cellVersion: RecurrentVersion = {
  forward(recurrence: Recurrence, plan: PlanContext): Dispatch[] {
    const { sizes, gates, weight, bias, hidden, cells, hasInitialState, at } = recurrence;
    const { T, N, H } = sizes;
    const dispatches: Dispatch[] = [];
    for (let t = 0; t < T; t++) {
      const hasBefore = t > 0 || hasInitialState;
      if (hasBefore) {
        const product = {
          rows: N,
          columns: 4 * H,
          depth: H,
          a: { operand: hidden, offset: at(t - 1), strides: [H, 1] },
          b: { operand: weight, strides: [4 * H, 1] },
          c: { operand: gates, offset: t * N * 4 * H, strides: [4 * H, 1] },
          accumulate: true,
        } as const;
        dispatches.push(gemm(product, plan));
      }
      dispatches.push(
        dispatch({
          kernel: lstmCellForward,
          params: forwardParamsAt(recurrence, t),
          bindings: { gates, bias, hidden, cells },
          grid: linearGrid(N * H, plan),
          flops: 30 * N * H,
          bytes: 4 * 11 * N * H,
        }),
      );
    }
    return dispatches;
  },

  backward(recurrence: Recurrence, gradients: RecurrenceGradients, plan: PlanContext): Dispatch[] {
    const { sizes, gates, weight, cells } = recurrence;
    const { T, N, H } = sizes;
    const recurrent = plan.temporary([N, H]);
    const dispatches: Dispatch[] = [];
    for (let t = T - 1; t >= 0; t--) {
      const last = t === T - 1;
      if (!last) {
        const product = {
          rows: N,
          columns: H,
          depth: 4 * H,
          a: { operand: gates, offset: (t + 1) * N * 4 * H, strides: [4 * H, 1] },
          b: { operand: weight, strides: [1, 4 * H] },
          c: { operand: recurrent, strides: [H, 1] },
        } as const;
        dispatches.push(gemm(product, plan));
      }
      dispatches.push(
        dispatch({
          kernel: lstmCellBackward,
          params: backwardParamsAt(recurrence, gradients, t),
          bindings: {
            gates,
            recurrent: last ? null : recurrent,
            cells,
            gradOutput: gradients.output,
            gradHidden: gradients.hidden,
            carry: gradients.carry,
          },
          grid: linearGrid(N * H, plan),
          flops: 30 * N * H,
          bytes: 4 * 16 * N * H,
        }),
      );
    }
    return dispatches;
  },
};
