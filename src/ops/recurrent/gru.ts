import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { recurrentLayer } from "./layer.ts";
import {
  backwardParams,
  forwardParams,
  gatesBindings,
  gatesParams,
  sequenceBackwardParams,
  sequenceForwardParams,
} from "./params.ts";

const forwardTexts = /* @__PURE__ */ new OnDemand(() => import("./gru-forward.wgsl.ts"));
const backwardTexts = /* @__PURE__ */ new OnDemand(() => import("./gru-backward.wgsl.ts"));
const sequence4Texts = /* @__PURE__ */ new OnDemand(() => import("./gru-sequence4.wgsl.ts"));
const offeredTexts = /* @__PURE__ */ new OnDemand(() => import("./gru-offered.wgsl.ts"));
const gatesTexts = /* @__PURE__ */ new OnDemand(() => import("./gru-gates.wgsl.ts"));

const forwardLibrary = ["activations", "gru_update_forward", "sequence_lengths"];
const backwardLibrary = ["gru_update_backward", "sequence_lengths"];
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

export const gruCellForward = /* @__PURE__ */ new Kernel({
  name: "gru_cell_forward",
  texts: forwardTexts,
  uses: forwardLibrary,
  workgroup: [64, 1, 1],
  params: forwardParams,
  bindings: { gates: "read_write", bias: "read", ...states },
});

export const gruCellBackward = /* @__PURE__ */ new Kernel({
  name: "gru_cell_backward",
  texts: backwardTexts,
  uses: backwardLibrary,
  workgroup: [64, 1, 1],
  params: backwardParams,
  bindings: { gates: "read_write", recurrent: "read", ...gradients },
});

export const gruStepForward = /* @__PURE__ */ new Kernel({
  ...fusedForward,
  name: "gru_step_forward",
  texts: forwardTexts,
  uses: [...forwardLibrary, "recurrent_product_forward"],
  workgroup: [8, 4, 1],
});

export const gruStepBackward = /* @__PURE__ */ new Kernel({
  ...fusedBackward,
  name: "gru_step_backward",
  texts: backwardTexts,
  uses: [...backwardLibrary, "recurrent_product_backward"],
  workgroup: [8, 4, 1],
});

export const gruSequence4Forward = /* @__PURE__ */ new Kernel({
  name: "gru_sequence4_forward",
  texts: sequence4Texts,
  uses: ["activations", "sequence4_forward", "lanes4_product", "lanes4_sum"],
  workgroup: [32, 1, 1],
  params: sequenceForwardParams,
  bindings: fusedForward.bindings,
});

export const gruSequence4Backward = /* @__PURE__ */ new Kernel({
  name: "gru_sequence4_backward",
  texts: sequence4Texts,
  uses: ["sequence4_backward"],
  workgroup: [32, 1, 1],
  params: sequenceBackwardParams,
  bindings: { ...fusedBackward.bindings, partial: "read_write" },
});

export const gruGates = /* @__PURE__ */ new Kernel({
  name: "gru_gates",
  texts: gatesTexts,
  uses: ["activations", "sequence_lengths"],
  workgroup: [64, 1, 1],
  params: gatesParams,
  bindings: gatesBindings,
});

/**
 * One GRU layer in one direction. The gate n = tanh(W_in·x + b_in + r∘q), q = W_hn·h + b_hn, has a slot for q, which the backward pass needs.
 */
export const gru = /* @__PURE__ */ recurrentLayer({
  name: "gru",
  gates: { r: 0, z: 1, n: { input: 2, hidden: 3 } },
  states: ["h"],
  passesHidden: true,
  kernels: {
    forward: { cell: gruCellForward, step: gruStepForward, sequence4: gruSequence4Forward },
    backward: { cell: gruCellBackward, step: gruStepBackward, sequence4: gruSequence4Backward },
    gates: gruGates,
  },
  offeredTexts,
});
