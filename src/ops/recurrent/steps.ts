import type { Recurrence, RecurrentSizes, Span } from "./recurrence.ts";

/** One time step among its neighbours, in processing order. */
export interface Step {
  readonly t: number;
  /** The step processed before: its state is this one's initial state. */
  readonly before: number;
  /** The step processed after. */
  readonly next: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** The time steps of the span, in processing order. */
export function stepsOf({ sizes: { T }, reverse, span: { first, count } }: Recurrence): Step[] {
  const direction = reverse ? -1 : 1;
  const [start, end] = reverse ? [T - 1, 0] : [0, T - 1];
  return Array.from({ length: count }, (_, i) => {
    const t = reverse ? first + count - 1 - i : first + i;
    return { t, before: t - direction, next: t + direction, isFirst: t === start, isLast: t === end };
  });
}

/** The block of `gates` that belongs to step t; a step outside the span has the block after the span's. */
export function gateBlock({ span: { first, count } }: Recurrence, t: number): number {
  return t >= first && t < first + count ? t - first : count;
}

/** Minimum rows of a chunk, so that its products fill an adapter, and minimum steps. */
const CHUNK_ROWS = 1024;
const CHUNK_STEPS = 16;

/**
 * All time steps as one span, or as chunks in processing order.
 * @param chunked Whether to cut into chunks; a number is the steps of one.
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

/** Offset in `hidden` of the states before the steps of a span, step by step, in elements. */
export function statesBefore({ reverse, span: { first }, hiddenAt }: Recurrence): number {
  return hiddenAt.at(reverse ? first + 1 : first - 1);
}
