import activations from "../../../shaders/lib/activations.wgsl?raw";
import lanes4Product from "../../../shaders/lib/lanes4_product.wgsl?raw";
import transposeSum from "../../../shaders/lib/lanes4_sum.wgsl?raw";
import cell from "../../../shaders/recurrent/lib/lstm_cell.wgsl?raw";
import updateBackward from "../../../shaders/recurrent/lib/lstm_update_backward.wgsl?raw";
import updateForward from "../../../shaders/recurrent/lib/lstm_update_forward.wgsl?raw";
import productBackward from "../../../shaders/recurrent/lib/recurrent_product_backward.wgsl?raw";
import productForward from "../../../shaders/recurrent/lib/recurrent_product_forward.wgsl?raw";
import lengths from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
import sequenceBackward from "../../../shaders/recurrent/lib/sequence4_backward.wgsl?raw";
import sequenceForward from "../../../shaders/recurrent/lib/sequence4_forward.wgsl?raw";
import cellBackwardSource from "../../../shaders/recurrent/lstm_cell_backward.wgsl?raw";
import cellForwardSource from "../../../shaders/recurrent/lstm_cell_forward.wgsl?raw";
import gatesSource from "../../../shaders/recurrent/lstm_gates.wgsl?raw";
import sequenceBackwardSource from "../../../shaders/recurrent/lstm_sequence4_backward.wgsl?raw";
import sequenceForwardSource from "../../../shaders/recurrent/lstm_sequence4_forward.wgsl?raw";
import stepBackwardSource from "../../../shaders/recurrent/lstm_step_backward.wgsl?raw";
import stepForwardSource from "../../../shaders/recurrent/lstm_step_forward.wgsl?raw";
import { Kernel } from "../../gpu/kernel.ts";
import { recurrentLayer } from "./layer.ts";
import {
  backwardParams,
  forwardParams,
  gatesBindings,
  gatesParams,
  sequenceBackwardParams,
  sequenceForwardParams,
} from "./params.ts";
import { projected } from "./projection.ts";

const forwardLibrary = [activations, cell, updateForward, lengths];
const backwardLibrary = [activations, cell, updateBackward, lengths];
const states = { hidden: "read_write", cells: "read_write", lengths: "read" } as const;
const gradients = {
  cells: "read",
  gradOutput: "read",
  hiddenCarry: "read_write",
  cellCarry: "read_write",
  lengths: "read",
} as const;
const gradientParams = { ...backwardParams, keepsHiddenCarry: "u32", hasCellCarry: "u32" } as const;
const fusedForward = {
  params: forwardParams,
  bindings: { gates: "read_write", weight: "read", bias: "read", ...states },
} as const;
const fusedBackward = {
  params: gradientParams,
  bindings: { gates: "read_write", weight: "read", ...gradients },
} as const;

export const lstmCellForward = new Kernel({
  name: "lstm_cell_forward",
  source: cellForwardSource,
  library: forwardLibrary,
  workgroup: [64, 1, 1],
  params: forwardParams,
  bindings: { gates: "read_write", bias: "read", ...states },
});

export const lstmCellBackward = new Kernel({
  name: "lstm_cell_backward",
  source: cellBackwardSource,
  library: backwardLibrary,
  workgroup: [64, 1, 1],
  params: gradientParams,
  bindings: { gates: "read_write", recurrent: "read", ...gradients },
});

export const lstmStepForward = new Kernel({
  ...fusedForward,
  name: "lstm_step_forward",
  source: stepForwardSource,
  library: [...forwardLibrary, productForward],
  workgroup: [8, 4, 1],
});

export const lstmStepBackward = new Kernel({
  ...fusedBackward,
  name: "lstm_step_backward",
  source: stepBackwardSource,
  library: [...backwardLibrary, productBackward],
  workgroup: [8, 4, 1],
});

export const lstmGates = new Kernel({
  name: "lstm_gates",
  source: gatesSource,
  library: [activations, cell, lengths],
  workgroup: [64, 1, 1],
  params: gatesParams,
  bindings: gatesBindings,
});

export const lstmSequence4Forward = new Kernel({
  name: "lstm_sequence4_forward",
  source: sequenceForwardSource,
  library: [activations, cell, sequenceForward, lanes4Product, transposeSum],
  workgroup: [32, 1, 1],
  params: sequenceForwardParams,
  bindings: fusedForward.bindings,
});

export const lstmSequence4Backward = new Kernel({
  name: "lstm_sequence4_backward",
  source: sequenceBackwardSource,
  library: [activations, cell, sequenceBackward],
  workgroup: [32, 1, 1],
  params: { ...sequenceBackwardParams, hasCellCarry: "u32" },
  bindings: { ...fusedBackward.bindings, partial: "read_write" },
});

/** One LSTM layer in one direction. */
export const lstm = recurrentLayer({
  name: "lstm",
  gates: { i: 0, f: 1, g: 2, o: 3 },
  states: ["h", "c"],
  passesHidden: false,
  kernels: {
    forward: { cell: lstmCellForward, step: lstmStepForward, sequence4: lstmSequence4Forward },
    backward: { cell: lstmCellBackward, step: lstmStepBackward, sequence4: lstmSequence4Backward },
    gates: lstmGates,
  },
  projected,
});
