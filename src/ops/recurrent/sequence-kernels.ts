/** The kernels of version `sequence`. Loads on demand with it, and imports types alone. */
import type { KernelDeclaration, ParamType } from "../../gpu/kernel.ts";
import type { Pass } from "./recurrence.ts";

export type Declaration = Omit<KernelDeclaration<string, string>, "texts">;

const sequenceParams = {
  batch: "u32",
  steps: "u32",
  gate: "u32",
  current: "u32",
  stride: "u32",
} as const satisfies Record<string, ParamType>;
const forwardParams = {
  ...sequenceParams,
  before: "u32",
  isRing: "u32",
  hasBias: "u32",
  time: "u32",
  timeStride: "u32",
} as const;
const backwardParams = {
  ...sequenceParams,
  nextGate: "u32",
  hasNext: "u32",
  hasGradOutput: "u32",
  hasHiddenCarry: "u32",
  time: "u32",
  timeStride: "u32",
} as const;

const forwardBindings = { gates: "read_write", weight: "read", bias: "read", hidden: "read_write" } as const;
const gradients = { gradOutput: "read", hiddenCarry: "read_write" } as const;
const workgroup = [256, 1, 1] as const;

/** Kernels by cell and pass; their texts are in chunks by cell and pass. */
export const declarations = {
  lstm: {
    forward: {
      name: "lstm_sequence_forward",
      uses: ["activations", "lstm_cell", "sequence_forward"],
      workgroup,
      params: forwardParams,
      bindings: { ...forwardBindings, cells: "read_write", lengths: "read" },
    },
    backward: {
      name: "lstm_sequence_backward",
      uses: ["activations", "lstm_cell", "sequence_backward"],
      workgroup,
      params: { ...backwardParams, hasCellCarry: "u32" },
      bindings: {
        gates: "read_write",
        weight: "read",
        cells: "read",
        ...gradients,
        cellCarry: "read_write",
        lengths: "read",
      },
    },
  },
  gru: {
    forward: {
      name: "gru_sequence_forward",
      uses: ["activations", "sequence_forward"],
      workgroup,
      params: forwardParams,
      bindings: { ...forwardBindings, lengths: "read" },
    },
    backward: {
      name: "gru_sequence_backward",
      uses: ["sequence_backward"],
      workgroup,
      params: backwardParams,
      bindings: { gates: "read_write", weight: "read", hidden: "read", ...gradients, lengths: "read" },
    },
  },
  rnn: {
    forward: {
      name: "rnn_sequence_forward",
      uses: ["activations", "relu", "sequence_forward"],
      workgroup,
      params: { ...forwardParams, relu: "u32" },
      bindings: { ...forwardBindings, lengths: "read" },
    },
    backward: {
      name: "rnn_sequence_backward",
      uses: ["sequence_backward"],
      workgroup,
      params: { ...backwardParams, relu: "u32" },
      bindings: { gates: "read_write", weight: "read", hidden: "read", ...gradients, lengths: "read" },
    },
  },
} as const satisfies Record<string, Record<Pass, Declaration>>;

export const transposition = {
  name: "transpose_weight",
  workgroup: [64, 1, 1],
  params: { hidden: "u32", slots: "u32" },
  bindings: { weight: "read", transposed: "read_write" },
} as const satisfies Declaration;
