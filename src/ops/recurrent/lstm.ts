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

const forwardTexts = /* @__PURE__ */ new OnDemand(() => import("./lstm-forward.wgsl.ts"));
const backwardTexts = /* @__PURE__ */ new OnDemand(() => import("./lstm-backward.wgsl.ts"));
const sequence4Texts = /* @__PURE__ */ new OnDemand(() => import("./lstm-sequence4.wgsl.ts"));
const offeredTexts = /* @__PURE__ */ new OnDemand(() => import("./lstm-offered.wgsl.ts"));
const gatesTexts = /* @__PURE__ */ new OnDemand(() => import("./lstm-gates.wgsl.ts"));

const forwardLibrary = ["activations", "lstm_cell", "lstm_update_forward", "sequence_lengths"];
const backwardLibrary = ["activations", "lstm_cell", "lstm_update_backward", "sequence_lengths"];
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

export const lstmCellForward = /* @__PURE__ */ new Kernel({
  name: "lstm_cell_forward",
  texts: forwardTexts,
  uses: forwardLibrary,
  workgroup: [64, 1, 1],
  params: forwardParams,
  bindings: { gates: "read_write", bias: "read", ...states },
});

export const lstmCellBackward = /* @__PURE__ */ new Kernel({
  name: "lstm_cell_backward",
  texts: backwardTexts,
  uses: backwardLibrary,
  workgroup: [64, 1, 1],
  params: gradientParams,
  bindings: { gates: "read_write", recurrent: "read", ...gradients },
});

export const lstmStepForward = /* @__PURE__ */ new Kernel({
  ...fusedForward,
  name: "lstm_step_forward",
  texts: forwardTexts,
  uses: [...forwardLibrary, "recurrent_product_forward"],
  workgroup: [8, 4, 1],
});

export const lstmStepBackward = /* @__PURE__ */ new Kernel({
  ...fusedBackward,
  name: "lstm_step_backward",
  texts: backwardTexts,
  uses: [...backwardLibrary, "recurrent_product_backward"],
  workgroup: [8, 4, 1],
});

export const lstmGates = /* @__PURE__ */ new Kernel({
  name: "lstm_gates",
  texts: gatesTexts,
  uses: ["activations", "lstm_cell", "sequence_lengths"],
  workgroup: [64, 1, 1],
  params: gatesParams,
  bindings: gatesBindings,
});

export const lstmSequence4Forward = /* @__PURE__ */ new Kernel({
  name: "lstm_sequence4_forward",
  texts: sequence4Texts,
  uses: ["activations", "lstm_cell", "sequence4_forward", "lanes4_product", "lanes4_sum"],
  workgroup: [32, 1, 1],
  params: sequenceForwardParams,
  bindings: fusedForward.bindings,
});

export const lstmSequence4Backward = /* @__PURE__ */ new Kernel({
  name: "lstm_sequence4_backward",
  texts: sequence4Texts,
  uses: ["activations", "lstm_cell", "sequence4_backward"],
  workgroup: [32, 1, 1],
  params: { ...sequenceBackwardParams, hasCellCarry: "u32" },
  bindings: { ...fusedBackward.bindings, partial: "read_write" },
});

/** One LSTM layer in one direction. */
export const lstm = /* @__PURE__ */ recurrentLayer({
  name: "lstm",
  gates: { i: 0, f: 1, g: 2, o: 3 },
  states: ["h", "c"],
  passesHidden: false,
  kernels: {
    forward: { cell: lstmCellForward, step: lstmStepForward, sequence4: lstmSequence4Forward },
    backward: { cell: lstmCellBackward, step: lstmStepBackward, sequence4: lstmSequence4Backward },
    gates: lstmGates,
  },
  offeredTexts,
});
