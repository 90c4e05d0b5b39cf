import type { Kernel, ParamType } from "../../gpu/kernel.ts";
import type { Operand } from "../op.ts";
import type { RecurrentPart, RecurrentSizes } from "./recurrence.ts";

export interface RecurrentAttributes {
  readonly hiddenSize: number;
  /** Whether time runs from the end of the sequences. */
  readonly reverse: boolean;
  /** Elman RNNs: whether the nonlinearity is max(·, 0) and not tanh. */
  readonly relu?: boolean;
  /** Whether gates are computed again for the backward pass, and not kept; the steps of a chunk where that is given. */
  readonly recompute?: boolean | number;
}

/** What tells LSTM, GRU and Elman RNN apart, beside their kernels. */
export interface CellKind {
  readonly name: "lstm" | "gru" | "rnn";
  /** Floats of a unit's gates: 4, or 1. */
  readonly slots: number;
  /** Slots that the input's weights have, and the hidden state's: one bit each. The others are zero and stay zero. */
  readonly inputSlots: number;
  readonly hiddenSlots: number;
  /** Whether a hidden state reaches the next one other than through W_hh. */
  readonly passesHidden: boolean;
  /** What runs the recurrent part. */
  readonly part: RecurrentPart;
  /** Makes gates of preactivations; `null` where the backward pass needs none. */
  readonly gates: Kernel<keyof typeof gatesParams, keyof typeof gatesBindings> | null;
}

/** Uniform struct and bindings of such a kernel. */
export const gatesParams = {
  steps: "u32",
  batch: "u32",
  hidden: "u32",
  hasBias: "u32",
  hasLengths: "u32",
  time: "u32",
} as const satisfies Record<string, ParamType>;

export const gatesBindings = { gates: "read_write", bias: "read", lengths: "read" } as const;

/** A layer's inputs by name. All weights and biases but W_hr are in the kernels' layout (see nn/gate-layout). */
export function named(inputs: readonly (Operand | null)[]) {
  const [x, weightIh, weightHh, biasIh, biasHh, h0, c0, lengths, weightHr] = inputs;
  return {
    x: x!,
    weightIh: weightIh!,
    weightHh: weightHh!,
    biasIh: biasIh ?? null,
    biasHh: biasHh ?? null,
    h0: h0 ?? null,
    c0: c0 ?? null,
    lengths: lengths ?? null,
    weightHr: weightHr ?? null,
  };
}

export function sizesOf(
  inputs: readonly (Operand | null)[],
  { hiddenSize }: RecurrentAttributes,
): RecurrentSizes {
  const { x, weightHr } = named(inputs);
  const [T, N, I] = x.shape as [number, number, number];
  return { T, N, I, H: hiddenSize, R: weightHr ? weightHr.shape[0]! : hiddenSize };
}
