import activations from "../../shaders/lib/activations.wgsl?raw";
import updateBackward from "../../shaders/lib/rnn_update_backward.wgsl?raw";
import updateForward from "../../shaders/lib/rnn_update_forward.wgsl?raw";
import sequenceBackward from "../../shaders/lib/sequence_backward.wgsl?raw";
import sequenceForward from "../../shaders/lib/sequence_forward.wgsl?raw";
import lengths from "../../shaders/lib/sequence_lengths.wgsl?raw";
import subgroupProduct from "../../shaders/lib/subgroup_product.wgsl?raw";
import transposeSum from "../../shaders/lib/transpose_sum.wgsl?raw";
import unitsByQuad from "../../shaders/lib/units_by_quad.wgsl?raw";
import cellBackwardSource from "../../shaders/rnn_cell_backward.wgsl?raw";
import cellForwardSource from "../../shaders/rnn_cell_forward.wgsl?raw";
import sequenceBackwardSource from "../../shaders/rnn_sequence_backward.wgsl?raw";
import sequenceForwardSource from "../../shaders/rnn_sequence_forward.wgsl?raw";
import stepBackwardSource from "../../shaders/rnn_step_backward.wgsl?raw";
import stepForwardSource from "../../shaders/rnn_step_forward.wgsl?raw";
import { Kernel } from "../gpu/kernel.ts";
import { backwardParams, forwardParams } from "./recurrence.ts";
import { fastestVersion } from "./recurrent-choice.ts";
import { recurrentLayer } from "./recurrent-layer.ts";
import { sequenceBackwardParams, sequenceForwardParams, sequenceVersion } from "./recurrent-sequence.ts";
import { cellVersion, stepVersion } from "./recurrent-versions.ts";
import { ALL_SLOTS } from "./weight-gradient.ts";

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

export const rnnSequenceForward = new Kernel({
  name: "rnn_sequence_forward",
  source: sequenceForwardSource,
  library: [activations, sequenceForward, unitsByQuad, subgroupProduct, transposeSum],
  workgroup: [32, 1, 1],
  params: { ...sequenceForwardParams, relu: "u32" },
  bindings: { gates: "read_write", weight: "read", bias: "read", ...states },
});

export const rnnSequenceBackward = new Kernel({
  name: "rnn_sequence_backward",
  source: sequenceBackwardSource,
  library: [sequenceBackward, unitsByQuad],
  workgroup: [32, 1, 1],
  params: { ...sequenceBackwardParams, relu: "u32" },
  bindings: { gates: "read_write", weight: "read", ...gradients, partial: "read_write" },
});

const versions = {
  step: stepVersion({ forward: rnnStepForward, backward: rnnStepBackward, slots: 1 }, 32),
  cell: cellVersion({ forward: rnnCellForward, backward: rnnCellBackward, slots: 1 }),
  sequence: sequenceVersion({ forward: rnnSequenceForward, backward: rnnSequenceBackward, slots: 1 }),
};

/** One layer of an Elman RNN in one direction. See {@link recurrentLayer}. */
export const rnn = recurrentLayer({
  name: "rnn",
  slots: 1,
  inputSlots: ALL_SLOTS,
  hiddenSlots: ALL_SLOTS,
  passesHidden: false,
  part: fastestVersion("rnn", versions),
  gates: null,
});
