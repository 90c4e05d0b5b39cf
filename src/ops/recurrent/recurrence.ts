import type { ParamType } from "../../gpu/kernel.ts";
import { roundUp } from "../../shape.ts";
import { type Dispatch, flag, type Operand, type PlanContext } from "../op.ts";

/** Sizes of one recurrent layer: T time steps, N batch rows, I inputs, H hidden units, R values in a hidden state. */
export interface RecurrentSizes {
  readonly T: number;
  readonly N: number;
  readonly I: number;
  readonly H: number;
  /** H, or the size an LSTM's hidden state is projected to. */
  readonly R: number;
}

/**
 * Where the blocks of a state's history lie, in elements: one a time step, and one for the initial state beside the first
 * step that is processed. Step 0 begins at a multiple of 64 elements, so that the sequence output can be bound as a view.
 */
export class History {
  readonly elements: number;
  readonly #lead: number;
  readonly #block: number;
  /** Whether two blocks take turns. */
  readonly isRing: boolean;

  /**
   * @param block Elements of one state: batch × width.
   * @param ring Whether a state is gone with the next but one: two blocks take turns.
   */
  constructor(T: number, block: number, reverse: boolean, ring = false) {
    this.#block = block;
    this.#lead = reverse ? 0 : roundUp(block, 64);
    this.elements = ring ? 2 * block : this.#lead + (reverse ? T + 1 : T) * block;
    this.isRing = ring;
  }

  /** The block of step t; the initial state is step -1, or T in the reverse direction. */
  at(t: number): number {
    return this.isRing ? ((t + 2) % 2) * this.#block : this.#lead + t * this.#block;
  }
}

/** Neighbouring time steps whose gates lie together: all of a layer's, or a chunk of them. */
export interface Span {
  readonly first: number;
  readonly count: number;
}

/** One time step among its neighbours, in the order of processing. */
export interface Step {
  readonly t: number;
  /** The step processed before: its state is this one's initial state. */
  readonly before: number;
  /** The step processed after. */
  readonly next: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** The time steps of the span in the order in which they are processed. */
export function stepsOf({ sizes: { T }, reverse, span: { first, count } }: Recurrence): Step[] {
  const direction = reverse ? -1 : 1;
  const [start, end] = reverse ? [T - 1, 0] : [0, T - 1];
  return Array.from({ length: count }, (_, i) => {
    const t = reverse ? first + count - 1 - i : first + i;
    return { t, before: t - direction, next: t + direction, isFirst: t === start, isLast: t === end };
  });
}

/** What the versions of the recurrent part work on. */
export interface Recurrence {
  readonly sizes: RecurrentSizes;
  /** Whether time runs from the end of the sequences. */
  readonly reverse: boolean;
  /** The steps that are run. */
  readonly span: Span;
  /**
   * [span.count (+ 1), N, H, slots]: the input's part of the preactivations at first. A chunk's backward pass finds the gradient of the
   * step after the span in the block behind it.
   */
  readonly gates: Operand;
  /** W'[k][j]: a vector over the slots of unit j for each k < R. */
  readonly weight: Operand;
  /** b_hh: [H, slots]. */
  readonly bias: Operand | null;
  /** History of h: blocks of [N, R]. */
  readonly hidden: Operand;
  /** History of an LSTM's c: blocks of [N, H]. */
  readonly cells: Operand | null;
  /** Steps of each sequence, [N]; `null` if all have T. */
  readonly lengths: Operand | null;
  readonly hasInitialState: boolean;
  /** Where h's blocks and c's lie. */
  readonly hiddenAt: History;
  readonly cellsAt: History;
  /** W_hr [R, H] of an LSTM with a projection, and what it projects: a history of blocks of [N, H]. */
  readonly projection: { readonly weight: Operand; readonly full: Operand } | null;
  /** Elman RNNs: whether the nonlinearity is max(·, 0). */
  readonly relu: boolean;
}

/** Gradients that enter and leave the recurrent part. */
export interface RecurrenceGradients {
  /** [T, N, R], or of the span's steps alone where there is no projection. */
  readonly output: Operand | null;
  /**
   * [N, R]: what reaches a hidden state other than through the recurrent product. On entry the last state's gradient,
   * where `hasHidden`. Where `keepsHidden`, at the end what reaches the initial state.
   */
  readonly hiddenCarry: Operand | null;
  readonly hasHidden: boolean;
  readonly keepsHidden: boolean;
  /** [N, H], LSTMs only: dL/dc, that of the last state on entry where `hasCell`, of the initial state at the end. */
  readonly cellCarry: Operand | null;
  readonly hasCell: boolean;
  /** [T, N, R]: where the gradient of every projected state goes. */
  readonly projected: Operand | null;
}

/** What runs the recurrent part. */
export interface RecurrentPart {
  forward(recurrence: Recurrence, plan: PlanContext): Dispatch[];
  backward(recurrence: Recurrence, gradients: RecurrenceGradients, plan: PlanContext): Dispatch[];
}

/** One way to run it, among others. */
export interface RecurrentVersion extends RecurrentPart {
  /** Predicted time of a time step, in µs; `null` where the version cannot do the sizes or the device lacks what it needs. */
  stepMicros(recurrence: Recurrence, pass: Pass, plan: PlanContext): number | null;
}

export type Pass = "forward" | "backward";

/** Uniform struct of the forward kernels of one step; Elman RNNs have `relu` too. */
export const forwardParams = {
  batch: "u32",
  hidden: "u32",
  gate: "u32",
  before: "u32",
  current: "u32",
  hasBefore: "u32",
  hasBias: "u32",
  hasLengths: "u32",
  time: "u32",
} as const satisfies Record<string, ParamType>;

/** Uniform struct of the backward kernels of one step; LSTMs and Elman RNNs have more. */
export const backwardParams = {
  batch: "u32",
  hidden: "u32",
  gate: "u32",
  nextGate: "u32",
  before: "u32",
  current: "u32",
  hasNext: "u32",
  hasBefore: "u32",
  hasGradOutput: "u32",
  hasHiddenCarry: "u32",
  hasLengths: "u32",
  time: "u32",
  nextTime: "u32",
} as const satisfies Record<string, ParamType>;

/** The block of `gates` that belongs to step t, for a step beside the span the one behind it. */
export function gateBlock({ span: { first, count } }: Recurrence, t: number): number {
  return t >= first && t < first + count ? t - first : count;
}

/** What forward and backward kernels are told alike: the sizes, and where the step lies. */
function placeOf(recurrence: Recurrence, step: Step) {
  const { sizes, cellsAt, hasInitialState, lengths, relu } = recurrence;
  const { N, H } = sizes;
  return {
    batch: N,
    hidden: H,
    gate: gateBlock(recurrence, step.t) * N * H,
    before: cellsAt.at(step.before),
    current: cellsAt.at(step.t),
    hasBefore: flag(!step.isFirst || hasInitialState),
    hasLengths: flag(lengths),
    time: step.t,
    relu: flag(relu),
  };
}

/** Values of the forward kernels' params; a kernel takes those it declares. */
export function forwardParamsAt(recurrence: Recurrence, step: Step) {
  return { ...placeOf(recurrence, step), hasBias: flag(recurrence.bias) };
}

/** Values of the backward kernels' params; a kernel takes those it declares. */
export function backwardParamsAt(recurrence: Recurrence, gradients: RecurrenceGradients, step: Step) {
  const { N, H } = recurrence.sizes;
  const { isLast, next } = step;
  return {
    ...placeOf(recurrence, step),
    nextGate: isLast ? 0 : gateBlock(recurrence, next) * N * H,
    hasNext: flag(!isLast),
    hasGradOutput: flag(gradients.output),
    hasHiddenCarry: hasHiddenCarry(gradients, step),
    keepsHiddenCarry: flag(gradients.keepsHidden),
    hasCellCarry: flag(!isLast || gradients.hasCell),
    nextTime: isLast ? 0 : next,
  };
}

/** Whether hiddenCarry holds something at a step. */
export function hasHiddenCarry({ hasHidden, keepsHidden }: RecurrenceGradients, { isLast }: Step): 0 | 1 {
  return flag(isLast ? hasHidden : keepsHidden);
}
