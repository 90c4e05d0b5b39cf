import type { ParamType } from "../gpu/kernel.ts";
import { type Dispatch, flag, type Operand, type PlanContext } from "./op.ts";

/** Sizes of one LSTM layer: T time steps, N batch rows, I inputs, H hidden units. */
export interface LstmSizes {
  readonly T: number;
  readonly N: number;
  readonly I: number;
  readonly H: number;
}

/**
 * What both versions of the recurrent part work on. `hidden` and `cells` hold the initial state and then one [N, H]
 * block a step; the block of step 0 begins at a multiple of 64 elements, so that the sequence output can be bound as
 * a view.
 */
export interface Recurrence {
  readonly sizes: LstmSizes;
  /** [T, N, H] of vec4(i, f, g, o). */
  readonly gates: Operand;
  /** W'[k][j] = vec4 over the gates of W_hh[gate·H + j][k]. */
  readonly weight: Operand;
  /** b_hh as [H] of vec4(i, f, g, o). */
  readonly bias: Operand | null;
  readonly hidden: Operand;
  readonly cells: Operand;
  readonly hasInitialState: boolean;
  /** Element where step t's block begins in `hidden` and `cells`; the initial state is step -1. */
  at(t: number): number;
}

/** Gradients that enter and leave the recurrent part. */
export interface RecurrenceGradients {
  readonly output: Operand | null;
  readonly hidden: Operand | null;
  readonly hasCell: boolean;
  /** dL/dc, [N, H]: that of the last step on entry where `hasCell`, of the initial state at the end. */
  readonly carry: Operand;
}

/** One way to run the recurrent part. */
export interface RecurrentVersion {
  forward(recurrence: Recurrence, plan: PlanContext): Dispatch[];
  backward(recurrence: Recurrence, gradients: RecurrenceGradients, plan: PlanContext): Dispatch[];
}

/** Uniform struct of the forward step kernels. */
export const forwardParams = {
  batch: "u32",
  hidden: "u32",
  gate: "u32",
  before: "u32",
  current: "u32",
  hasBefore: "u32",
  hasBias: "u32",
} as const satisfies Record<string, ParamType>;

/** Uniform struct of the backward step kernels. */
export const backwardParams = {
  batch: "u32",
  hidden: "u32",
  gate: "u32",
  before: "u32",
  current: "u32",
  gradOffset: "u32",
  hasNext: "u32",
  hasBefore: "u32",
  hasGradOutput: "u32",
  hasGradHidden: "u32",
  hasCarry: "u32",
} as const satisfies Record<string, ParamType>;

/** What both kinds of step are told: the sizes, and where step t lies. */
function placeOf({ sizes, hasInitialState, at }: Recurrence, t: number) {
  const { N, H } = sizes;
  return {
    batch: N,
    hidden: H,
    gate: t * N * H,
    before: at(t - 1),
    current: at(t),
    hasBefore: flag(t > 0 || hasInitialState),
  };
}

/** Values of {@link forwardParams} at step t. */
export function forwardParamsAt(recurrence: Recurrence, t: number) {
  return { ...placeOf(recurrence, t), hasBias: flag(recurrence.bias) };
}

/** Values of {@link backwardParams} at step t. */
export function backwardParamsAt(recurrence: Recurrence, gradients: RecurrenceGradients, t: number) {
  const { T, N, H } = recurrence.sizes;
  const last = t === T - 1;
  return {
    ...placeOf(recurrence, t),
    gradOffset: t * N * H,
    hasNext: flag(!last),
    hasGradOutput: flag(gradients.output),
    hasGradHidden: flag(last && gradients.hidden),
    hasCarry: flag(!last || gradients.hasCell),
  };
}
