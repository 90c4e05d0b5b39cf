import type { Operand } from "../op.ts";
import type { History } from "./history.ts";

/** Sizes of one recurrent layer: T time steps, N batch rows, I inputs, H hidden units, R values in a hidden state. */
export interface RecurrentSizes {
  readonly T: number;
  readonly N: number;
  readonly I: number;
  readonly H: number;
  /** H, or the size an LSTM's hidden state is projected to. */
  readonly R: number;
  /** Floats of a unit's gates: 4, or 1. */
  readonly slots: number;
}

/** Consecutive time steps whose gates are in memory at once: all steps of a layer, or a chunk of them. */
export interface Span {
  readonly first: number;
  readonly count: number;
}

/** What the recurrent part works on: everything of a layer except for the products over all time steps. */
export interface Recurrence {
  readonly sizes: RecurrentSizes;
  /** Whether time runs from the end of the sequences. */
  readonly reverse: boolean;
  /** The steps to run. */
  readonly span: Span;
  /**
   * [span.count (+ 1), N, H, slots]: at first the input's part of the preactivations. The backward pass of a chunk reads the
   * gradient of the step after the span from the extra block at the end.
   */
  readonly gates: Operand;
  /** W'[k][j]: the slots of unit j for each k < R. */
  readonly weight: Operand;
  /** b_hh: [H, slots]. */
  readonly bias: Operand | null;
  /** History of h: blocks of [N, R], the initial state's among them; likewise c. */
  readonly hidden: Operand;
  /** History of c: blocks of [N, H]; `null` for a cell without a cell state. */
  readonly cells: Operand | null;
  /** Steps of each sequence, [N]; `null` if all have T. */
  readonly lengths: Operand | null;
  /** Layouts of the histories of h and c. */
  readonly hiddenAt: History;
  readonly cellsAt: History;
  /** W_hr [R, H], and the hidden states before their projection: a history of blocks of [N, H]. */
  readonly projection: { readonly weight: Operand; readonly unprojected: Operand } | null;
  /** The slots that W_ih and W' reach, as bits. */
  readonly reached: { readonly input: number; readonly hidden: number };
  /** Values of params that only this cell's kernels have. */
  readonly params: Readonly<Record<string, number>>;
}

/** Gradients that enter and leave the recurrent part. */
export interface RecurrenceGradients {
  /** [T, N, R], or only the span's steps where there is no projection. */
  readonly output: Operand | null;
  /**
   * [N, R]: what reaches a hidden state other than through the recurrent product. At the start the gradient of the last state,
   * if `hasHidden`; at the end, if `keepsHidden`, what reaches the initial state.
   */
  readonly hiddenCarry: Operand | null;
  readonly hasHidden: boolean;
  readonly keepsHidden: boolean;
  /** [N, H]: dL/dc of the last state at the start, if `hasCell`, and of the initial state at the end. */
  readonly cellCarry: Operand | null;
  readonly hasCell: boolean;
  /** [T, N, R]: receives the gradient of every projected state. */
  readonly projected: Operand | null;
}

export type Pass = "forward" | "backward";
