import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { ALL_SLOTS } from "../product/weight-gradient.ts";
import { fastestVersion } from "./fastest.ts";
import { recurrentLayer } from "./layer.ts";
import { backwardParams, forwardParams } from "./recurrence.ts";
import { sequence4Version, sequenceBackwardParams, sequenceForwardParams } from "./sequence4.ts";
import { cellVersion, stepVersion } from "./versions.ts";

const forwardTexts = /* @__PURE__ */ new OnDemand(() => import("./rnn-forward.wgsl.ts"));
const backwardTexts = /* @__PURE__ */ new OnDemand(() => import("./rnn-backward.wgsl.ts"));
const sequence4Texts = /* @__PURE__ */ new OnDemand(() => import("./rnn-sequence4.wgsl.ts"));

const forward = {
  uses: ["activations", "rnn_update_forward", "sequence_lengths"],
  params: { ...forwardParams, relu: "u32" },
} as const;
const backward = {
  uses: ["rnn_update_backward", "sequence_lengths"],
  params: { ...backwardParams, keepsHiddenCarry: "u32", relu: "u32" },
} as const;
const states = { hidden: "read_write", lengths: "read" } as const;
const gradients = {
  hidden: "read",
  gradOutput: "read",
  hiddenCarry: "read_write",
  lengths: "read",
} as const;

export const rnnCellForward = /* @__PURE__ */ new Kernel({
  ...forward,
  name: "rnn_cell_forward",
  texts: forwardTexts,
  workgroup: [64, 1, 1],
  bindings: { gates: "read_write", bias: "read", ...states },
});

export const rnnCellBackward = /* @__PURE__ */ new Kernel({
  ...backward,
  name: "rnn_cell_backward",
  texts: backwardTexts,
  workgroup: [64, 1, 1],
  bindings: { gates: "read_write", recurrent: "read", ...gradients },
});

export const rnnStepForward = /* @__PURE__ */ new Kernel({
  ...forward,
  name: "rnn_step_forward",
  texts: forwardTexts,
  workgroup: [8, 4, 1],
  bindings: { gates: "read_write", weight: "read", bias: "read", ...states },
});

export const rnnStepBackward = /* @__PURE__ */ new Kernel({
  ...backward,
  name: "rnn_step_backward",
  texts: backwardTexts,
  workgroup: [8, 4, 1],
  bindings: { gates: "read_write", weight: "read", ...gradients },
});

export const rnnSequence4Forward = /* @__PURE__ */ new Kernel({
  name: "rnn_sequence4_forward",
  texts: sequence4Texts,
  uses: ["activations", "sequence4_forward", "units_by_quad", "lanes4_product", "lanes4_sum"],
  workgroup: [32, 1, 1],
  params: { ...sequenceForwardParams, relu: "u32" },
  bindings: { gates: "read_write", weight: "read", bias: "read", ...states },
});

export const rnnSequence4Backward = /* @__PURE__ */ new Kernel({
  name: "rnn_sequence4_backward",
  texts: sequence4Texts,
  uses: ["sequence4_backward", "units_by_quad"],
  workgroup: [32, 1, 1],
  params: { ...sequenceBackwardParams, relu: "u32" },
  bindings: { gates: "read_write", weight: "read", ...gradients, partial: "read_write" },
});

const versions = {
  step: stepVersion({ forward: rnnStepForward, backward: rnnStepBackward, slots: 1 }, 32),
  cell: cellVersion({ forward: rnnCellForward, backward: rnnCellBackward, slots: 1 }),
  sequence4: sequence4Version({ forward: rnnSequence4Forward, backward: rnnSequence4Backward, slots: 1 }),
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
