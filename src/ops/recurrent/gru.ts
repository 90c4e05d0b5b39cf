import activations from "../../../shaders/lib/activations.wgsl?raw";
import lanes4Product from "../../../shaders/lib/lanes4_product.wgsl?raw";
import transposeSum from "../../../shaders/lib/lanes4_sum.wgsl?raw";
import cellBackwardSource from "../../../shaders/recurrent/gru_cell_backward.wgsl?raw";
import cellForwardSource from "../../../shaders/recurrent/gru_cell_forward.wgsl?raw";
import gatesSource from "../../../shaders/recurrent/gru_gates.wgsl?raw";
import sequenceBackwardSource from "../../../shaders/recurrent/gru_sequence4_backward.wgsl?raw";
import sequenceForwardSource from "../../../shaders/recurrent/gru_sequence4_forward.wgsl?raw";
import stepBackwardSource from "../../../shaders/recurrent/gru_step_backward.wgsl?raw";
import stepForwardSource from "../../../shaders/recurrent/gru_step_forward.wgsl?raw";
import updateBackward from "../../../shaders/recurrent/lib/gru_update_backward.wgsl?raw";
import updateForward from "../../../shaders/recurrent/lib/gru_update_forward.wgsl?raw";
import productBackward from "../../../shaders/recurrent/lib/recurrent_product_backward.wgsl?raw";
import productForward from "../../../shaders/recurrent/lib/recurrent_product_forward.wgsl?raw";
import lengths from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
import sequenceBackward from "../../../shaders/recurrent/lib/sequence4_backward.wgsl?raw";
import sequenceForward from "../../../shaders/recurrent/lib/sequence4_forward.wgsl?raw";
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

const forwardLibrary = [activations, updateForward, lengths];
const backwardLibrary = [updateBackward, lengths];
const states = { hidden: "read_write", lengths: "read" } as const;
const gradients = {
  hidden: "read",
  gradOutput: "read",
  hiddenCarry: "read_write",
  lengths: "read",
} as const;
const fusedForward = {
  params: forwardParams,
  bindings: { gates: "read_write", weight: "read", bias: "read", ...states },
} as const;
const fusedBackward = {
  params: backwardParams,
  bindings: { gates: "read_write", weight: "read", ...gradients },
} as const;

export const gruCellForward = new Kernel({
  name: "gru_cell_forward",
  source: cellForwardSource,
  library: forwardLibrary,
  workgroup: [64, 1, 1],
  params: forwardParams,
  bindings: { gates: "read_write", bias: "read", ...states },
});

export const gruCellBackward = new Kernel({
  name: "gru_cell_backward",
  source: cellBackwardSource,
  library: backwardLibrary,
  workgroup: [64, 1, 1],
  params: backwardParams,
  bindings: { gates: "read_write", recurrent: "read", ...gradients },
});

export const gruStepForward = new Kernel({
  ...fusedForward,
  name: "gru_step_forward",
  source: stepForwardSource,
  library: [...forwardLibrary, productForward],
  workgroup: [8, 4, 1],
});

export const gruStepBackward = new Kernel({
  ...fusedBackward,
  name: "gru_step_backward",
  source: stepBackwardSource,
  library: [...backwardLibrary, productBackward],
  workgroup: [8, 4, 1],
});

export const gruSequence4Forward = new Kernel({
  name: "gru_sequence4_forward",
  source: sequenceForwardSource,
  library: [activations, sequenceForward, lanes4Product, transposeSum],
  workgroup: [32, 1, 1],
  params: sequenceForwardParams,
  bindings: fusedForward.bindings,
});

export const gruSequence4Backward = new Kernel({
  name: "gru_sequence4_backward",
  source: sequenceBackwardSource,
  library: [sequenceBackward],
  workgroup: [32, 1, 1],
  params: sequenceBackwardParams,
  bindings: { ...fusedBackward.bindings, partial: "read_write" },
});

export const gruGates = new Kernel({
  name: "gru_gates",
  source: gatesSource,
  library: [activations, lengths],
  workgroup: [64, 1, 1],
  params: gatesParams,
  bindings: gatesBindings,
});

/**
 * One GRU layer in one direction. The gate n = tanh(W_in·x + b_in + r∘q), q = W_hn·h + b_hn, has a slot for q, which the backward pass needs.
 */
export const gru = recurrentLayer({
  name: "gru",
  gates: { r: 0, z: 1, n: { input: 2, hidden: 3 } },
  states: ["h"],
  passesHidden: true,
  kernels: {
    forward: { cell: gruCellForward, step: gruStepForward, sequence4: gruSequence4Forward },
    backward: { cell: gruCellBackward, step: gruStepBackward, sequence4: gruSequence4Backward },
    gates: gruGates,
  },
});
