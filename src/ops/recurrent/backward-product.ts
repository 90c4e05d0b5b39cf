/** The matrix products of a recurrent layer's backward pass, except for its weight gradients. */
import type { Operand } from "../op.ts";
import type { Product } from "../product/product.ts";
import type { Recurrence } from "./recurrence.ts";
import { gateBlock, statesBefore } from "./steps.ts";

/** gates += h·W' for all steps of a span at once, where the hidden states are known. */
export function spanProduct(recurrence: Recurrence): Product {
  const { sizes, span, hidden, weight, gates, reached } = recurrence;
  const { N, H, R, slots } = sizes;
  const columns = slots * H;
  return {
    rows: span.count * N,
    columns,
    depth: R,
    a: { operand: hidden, offset: statesBefore(recurrence), strides: [R, 1] },
    b: { operand: weight, strides: [columns, 1] },
    c: { operand: gates, strides: [columns, 1] },
    accumulate: true,
    slots: reached.hidden,
  };
}

/** recurrent = dG[next]·W'ᵀ: the recurrent product of one backward step. */
export function backwardProduct(recurrence: Recurrence, next: number, recurrent: Operand): Product {
  const { sizes, weight, gates } = recurrence;
  const { N, H, R, slots } = sizes;
  const depth = slots * H;
  return {
    rows: N,
    columns: R,
    depth,
    a: { operand: gates, offset: gateBlock(recurrence, next) * N * depth, strides: [depth, 1] },
    b: { operand: weight, strides: [1, depth] },
    c: { operand: recurrent, strides: [R, 1] },
  };
}
