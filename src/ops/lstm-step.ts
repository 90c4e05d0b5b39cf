import cellLibrary from "../../shaders/lib/lstm_cell.wgsl?raw";
import updateBackward from "../../shaders/lib/lstm_update_backward.wgsl?raw";
import updateForward from "../../shaders/lib/lstm_update_forward.wgsl?raw";
import backwardSource from "../../shaders/lstm_step_backward.wgsl?raw";
import forwardSource from "../../shaders/lstm_step_forward.wgsl?raw";
import subgroupBackwardSource from "../../shaders/lstm_subgroup_backward.wgsl?raw";
import subgroupForwardSource from "../../shaders/lstm_subgroup_forward.wgsl?raw";
import { Kernel } from "../gpu/kernel.ts";
import { type Dispatch, dispatch } from "./op.ts";
import {
  backwardParams,
  backwardParamsAt,
  forwardParams,
  forwardParamsAt,
  type LstmSizes,
  type Recurrence,
  type RecurrenceGradients,
  type RecurrentVersion,
} from "./recurrence.ts";

const forward = {
  library: [cellLibrary, updateForward],
  params: forwardParams,
  bindings: { gates: "read_write", weight: "read", bias: "read", hidden: "read_write", cells: "read_write" },
} as const;

const backward = {
  library: [cellLibrary, updateBackward],
  params: { ...backwardParams, nextGate: "u32" },
  bindings: {
    gates: "read_write",
    weight: "read",
    cells: "read",
    gradOutput: "read",
    gradHidden: "read",
    carry: "read_write",
  },
} as const;

export const lstmStepForward = new Kernel({
  ...forward,
  name: "lstm_step_forward",
  source: forwardSource,
  workgroup: [8, 4, 1],
});

export const lstmStepBackward = new Kernel({
  ...backward,
  name: "lstm_step_backward",
  source: backwardSource,
  workgroup: [8, 4, 1],
});

export const lstmSubgroupForward = new Kernel({
  ...forward,
  name: "lstm_subgroup_forward",
  source: subgroupForwardSource,
  workgroup: [4, 2, 1],
});

export const lstmSubgroupBackward = new Kernel({
  ...backward,
  name: "lstm_subgroup_backward",
  source: subgroupBackwardSource,
  workgroup: [4, 2, 1],
});

/** Kernels that do a whole time step in one dispatch, and the batch rows and units of their workgroup. */
interface FusedKernels {
  readonly forward: typeof lstmStepForward;
  readonly backward: typeof lstmStepBackward;
  readonly rows: number;
  readonly units: number;
}

/** Recurrent product, gates and cell update fused: one dispatch a time step. */
function fused(kernels: FusedKernels): RecurrentVersion {
  const grid = ({ N, H }: LstmSizes) =>
    [Math.ceil(H / kernels.units), Math.ceil(N / kernels.rows), 1] as const;
  return {
    forward(recurrence: Recurrence): Dispatch[] {
      const { sizes, gates, weight, bias, hidden, cells, hasInitialState } = recurrence;
      const { T, N, H } = sizes;
      return Array.from({ length: T }, (_, t) => {
        const hasBefore = t > 0 || hasInitialState;
        return dispatch({
          kernel: kernels.forward,
          params: forwardParamsAt(recurrence, t),
          bindings: { gates, weight, bias, hidden, cells },
          grid: grid(sizes),
          flops: (hasBefore ? 8 * N * H * H : 0) + 30 * N * H,
          bytes: 4 * (4 * H * H + 12 * N * H),
        });
      });
    },

    backward(recurrence: Recurrence, gradients: RecurrenceGradients): Dispatch[] {
      const { sizes, gates, weight, cells } = recurrence;
      const { T, N, H } = sizes;
      return Array.from({ length: T }, (_, i) => {
        const t = T - 1 - i;
        const last = t === T - 1;
        return dispatch({
          kernel: kernels.backward,
          params: { ...backwardParamsAt(recurrence, gradients, t), nextGate: last ? 0 : (t + 1) * N * H },
          bindings: {
            gates,
            weight,
            cells,
            gradOutput: gradients.output,
            gradHidden: gradients.hidden,
            carry: gradients.carry,
          },
          grid: grid(sizes),
          flops: (last ? 0 : 8 * N * H * H) + 30 * N * H,
          bytes: 4 * (4 * H * H + 17 * N * H),
        });
      });
    },
  };
}

export const stepVersion = fused({
  forward: lstmStepForward,
  backward: lstmStepBackward,
  rows: 16,
  units: 16,
});

/** The same with loads shared within subgroups of four lanes. */
export const subgroupVersion = fused({
  forward: lstmSubgroupForward,
  backward: lstmSubgroupBackward,
  rows: 16,
  units: 8,
});
