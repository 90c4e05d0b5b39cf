import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import type { Cell } from "./cell.ts";
import { recurrentLayer } from "./layer.ts";
import { backwardParams, forwardParams, sequenceBackwardParams, sequenceForwardParams } from "./params.ts";

const forwardTexts = /* @__PURE__ */ new OnDemand(() => import("./rnn-forward.wgsl.ts"));
const backwardTexts = /* @__PURE__ */ new OnDemand(() => import("./rnn-backward.wgsl.ts"));
const sequence4Texts = /* @__PURE__ */ new OnDemand(() => import("./rnn-sequence4.wgsl.ts"));
const offeredTexts = /* @__PURE__ */ new OnDemand(() => import("./rnn-offered.wgsl.ts"));

const forward = {
  uses: ["activations", "relu", "rnn_update_forward", "sequence_lengths"],
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
  uses: ["activations", "relu", "sequence4_forward", "lanes4_product", "lanes4_sum"],
  workgroup: [32, 1, 1],
  params: { ...sequenceForwardParams, relu: "u32" },
  bindings: { gates: "read_write", weight: "read", bias: "read", ...states },
});

export const rnnSequence4Backward = /* @__PURE__ */ new Kernel({
  name: "rnn_sequence4_backward",
  texts: sequence4Texts,
  uses: ["sequence4_backward"],
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
  offeredTexts,
} as const satisfies Cell;

/** One layer of an Elman RNN in one direction, h' = tanh(·). */
export const rnnTanh = /* @__PURE__ */ recurrentLayer({ ...elman, params: { relu: 0 } });

/** One layer of an Elman RNN in one direction, h' = max(·, 0). */
export const rnnRelu = /* @__PURE__ */ recurrentLayer({ ...elman, params: { relu: 1 } });
