import { type Dispatch, dispatch, flag, linearGrid, type Operand, type PlanContext } from "../op.ts";
import { gemm } from "../product/gemm.ts";
import { copyRun } from "../tensor/copy.ts";
import { type CellKind, named } from "./cell.ts";
import type { Recurrence, RecurrentSizes, Span } from "./recurrence.ts";

/** A chunk has at least so many rows, for its products to fill an adapter, and so many steps. */
const CHUNK_ROWS = 1024;
const CHUNK_STEPS = 16;

/**
 * All time steps as one span, or in chunks; in the order of processing.
 * @param chunked Whether in chunks; the steps of one, where that is given.
 */
export function spansOf({ T, N }: RecurrentSizes, reverse: boolean, chunked: boolean | number): Span[] {
  if (chunked === false) return [{ first: 0, count: T }];
  const length = chunked === true ? Math.max(CHUNK_STEPS, Math.ceil(CHUNK_ROWS / N)) : chunked;
  const spans = Array.from({ length: Math.ceil(T / length) }, (_, i) => {
    const first = i * length;
    return { first, count: Math.min(length, T - first) };
  });
  return reverse ? spans.reverse() : spans;
}

/** The part of the output's gradient that belongs to a span: a view where one may begin there, else a copy. */
export function gradientOf(
  gradOutput: Operand,
  { sizes: { T, N, R }, span: { first, count } }: Recurrence,
  plan: PlanContext,
): [Operand, Dispatch[]] {
  if (count === T) return [gradOutput, []];
  const shape = [count, N, R];
  const offset = first * N * R;
  if (offset % 64 === 0) return [plan.view(gradOutput, offset, shape), []];
  const copy = plan.temporary(shape);
  return [copy, [copyRun(count * N * R, { operand: gradOutput, offset }, { operand: copy }, plan)]];
}

/** gates = x·W_ihᵀ + b_ih for the steps of a span. */
export function inputProduct(
  { slots }: CellKind,
  { sizes, span, gates }: Recurrence,
  inputs: readonly (Operand | null)[],
  plan: PlanContext,
): Dispatch {
  const { x, weightIh, biasIh } = named(inputs);
  const { N, I, H } = sizes;
  const columns = slots * H;
  const product = {
    rows: span.count * N,
    columns,
    depth: I,
    a: { operand: x, offset: span.first * N * I, strides: [I, 1] },
    b: { operand: weightIh, strides: [columns, 1] },
    c: { operand: gates, strides: [columns, 1] },
    bias: biasIh,
  } as const;
  return gemm(product, plan);
}

/** Gates and the hidden states that they come from: without the very first step where its state before is zero. */
export interface RecurrentRows {
  readonly steps: number;
  /** Elements of `gates` before them. */
  readonly gate: number;
  /** Elements of `hidden` before them. */
  readonly hidden: number;
}

export function recurrentRows(recurrence: Recurrence, slots: number): RecurrentRows {
  const { sizes, reverse, span, hiddenAt, hasInitialState } = recurrence;
  const { T, N, H } = sizes;
  const { first, count } = span;
  const hasFirst = reverse ? first + count === T : first === 0;
  const skipped = flag(hasFirst && !hasInitialState);
  const from = reverse ? first : first + skipped;
  return {
    steps: count - skipped,
    gate: (from - first) * N * slots * H,
    hidden: hiddenAt.at(reverse ? from + 1 : from - 1),
  };
}

/** The gates of a span as the forward pass had them, from x and the hidden states: one product each for all its steps. */
export function recomputeGates(
  kind: CellKind,
  recurrence: Recurrence,
  inputs: readonly (Operand | null)[],
  plan: PlanContext,
): Dispatch[] {
  const { gates: kernel, slots } = kind;
  if (!kernel) return [];
  const { sizes, span, gates, hidden, weight, bias, lengths } = recurrence;
  const { N, H, R } = sizes;
  const columns = slots * H;
  const rows = recurrentRows(recurrence, slots);
  const product = {
    rows: rows.steps * N,
    columns,
    depth: R,
    a: { operand: hidden, offset: rows.hidden, strides: [R, 1] },
    b: { operand: weight, strides: [columns, 1] },
    c: { operand: gates, offset: rows.gate, strides: [columns, 1] },
    accumulate: true,
  } as const;
  const activation = dispatch({
    kernel,
    params: {
      steps: span.count,
      batch: N,
      hidden: H,
      hasBias: flag(bias),
      hasLengths: flag(lengths),
      time: span.first,
    },
    bindings: { gates, bias, lengths },
    grid: linearGrid(span.count * N * H, plan),
    flops: 8 * span.count * N * columns,
    bytes: 8 * span.count * N * columns,
  });
  const recurrent = rows.steps > 0 ? [gemm(product, plan)] : [];
  return [inputProduct(kind, recurrence, inputs, plan), ...recurrent, activation];
}

/** Keeps a step's gradients while its chunk's gates make room for those of the chunk before, which finds them behind its own. */
export function carryGradient(
  kind: CellKind,
  { sizes: { N, H }, reverse, span, gates }: Recurrence,
  carried: Operand,
  plan: PlanContext,
): { keep: Dispatch; restoreIn(span: Span): Dispatch } {
  const block = kind.slots * N * H;
  const first = reverse ? span.count - 1 : 0;
  return {
    keep: copyRun(block, { operand: gates, offset: first * block }, { operand: carried }, plan),
    restoreIn: ({ count }) =>
      copyRun(block, { operand: carried }, { operand: gates, offset: count * block }, plan),
  };
}
