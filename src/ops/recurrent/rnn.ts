import activations from "../../../shaders/lib/activations.wgsl?raw";
import lanes4Product from "../../../shaders/lib/lanes4_product.wgsl?raw";
import transposeSum from "../../../shaders/lib/lanes4_sum.wgsl?raw";
import updateBackward from "../../../shaders/recurrent/lib/rnn_update_backward.wgsl?raw";
import updateForward from "../../../shaders/recurrent/lib/rnn_update_forward.wgsl?raw";
import lengths from "../../../shaders/recurrent/lib/sequence_lengths.wgsl?raw";
import sequenceBackward from "../../../shaders/recurrent/lib/sequence4_backward.wgsl?raw";
import sequenceForward from "../../../shaders/recurrent/lib/sequence4_forward.wgsl?raw";
import cellBackwardSource from "../../../shaders/recurrent/rnn_cell_backward.wgsl?raw";
import cellForwardSource from "../../../shaders/recurrent/rnn_cell_forward.wgsl?raw";
import sequenceBackwardSource from "../../../shaders/recurrent/rnn_sequence4_backward.wgsl?raw";
import sequenceForwardSource from "../../../shaders/recurrent/rnn_sequence4_forward.wgsl?raw";
import stepBackwardSource from "../../../shaders/recurrent/rnn_step_backward.wgsl?raw";
import stepForwardSource from "../../../shaders/recurrent/rnn_step_forward.wgsl?raw";
import { Kernel } from "../../gpu/kernel.ts";
import type { Cell } from "./cell.ts";
import { recurrentLayer } from "./layer.ts";
import { backwardParams, forwardParams, sequenceBackwardParams, sequenceForwardParams } from "./params.ts";

const forward = {
  library: [activations, updateForward, lengths],
  params: { ...forwardParams, relu: "u32" },
} as const;
const backward = {
  library: [updateBackward, lengths],
  params: { ...backwardParams, keepsHiddenCarry: "u32", relu: "u32" },
} as const;
const states = { hidden: "read_write", lengths: "read" } as const;
const gradients = {
  hidden: "read",
  gradOutput: "read",
  hiddenCarry: "read_write",
  lengths: "read",
} as const;

export const rnnCellForward = new Kernel({
  ...forward,
  name: "rnn_cell_forward",
  source: cellForwardSource,
  workgroup: [64, 1, 1],
  bindings: { gates: "read_write", bias: "read", ...states },
});

export const rnnCellBackward = new Kernel({
  ...backward,
  name: "rnn_cell_backward",
  source: cellBackwardSource,
  workgroup: [64, 1, 1],
  bindings: { gates: "read_write", recurrent: "read", ...gradients },
});

export const rnnStepForward = new Kernel({
  ...forward,
  name: "rnn_step_forward",
  source: stepForwardSource,
  workgroup: [8, 4, 1],
  bindings: { gates: "read_write", weight: "read", bias: "read", ...states },
});

export const rnnStepBackward = new Kernel({
  ...backward,
  name: "rnn_step_backward",
  source: stepBackwardSource,
  workgroup: [8, 4, 1],
  bindings: { gates: "read_write", weight: "read", ...gradients },
});

export const rnnSequence4Forward = new Kernel({
  name: "rnn_sequence4_forward",
  source: sequenceForwardSource,
  library: [activations, sequenceForward, lanes4Product, transposeSum],
  workgroup: [32, 1, 1],
  params: { ...sequenceForwardParams, relu: "u32" },
  bindings: { gates: "read_write", weight: "read", bias: "read", ...states },
});

export const rnnSequence4Backward = new Kernel({
  name: "rnn_sequence4_backward",
  source: sequenceBackwardSource,
  library: [sequenceBackward],
  workgroup: [32, 1, 1],
  params: { ...sequenceBackwardParams, relu: "u32" },
  bindings: { gates: "read_write", weight: "read", ...gradients, partial: "read_write" },
});

/** An Elman RNN's only gate is its next state. The backward pass reads that instead of the gate. */
const elman = {
  name: "rnn",
  gates: { h: 0 },
  states: ["h"],
  passesHidden: false,
  kernels: {
    forward: { cell: rnnCellForward, step: rnnStepForward, sequence4: rnnSequence4Forward },
    backward: { cell: rnnCellBackward, step: rnnStepBackward, sequence4: rnnSequence4Backward },
    gates: null,
  },
} as const satisfies Cell;

/** One layer of an Elman RNN in one direction, h' = tanh(·). */
export const rnnTanh = recurrentLayer({ ...elman, params: { relu: 0 } });

/** One layer of an Elman RNN in one direction, h' = max(·, 0). */
export const rnnRelu = recurrentLayer({ ...elman, params: { relu: 1 } });
