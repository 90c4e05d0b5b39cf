/** What the backward pass of a layer needs to go through its time steps chunk by chunk. */
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanContext } from "../op.ts";
import { gemm } from "../product/gemm.ts";
import { copyRun } from "../tensor/copy.ts";
import { spanProduct } from "./backward-product.ts";
import type { Cell } from "./cell.ts";
import type { RecurrentInputs } from "./operands.ts";
import { inputProduct } from "./products.ts";
import type { Recurrence, Span } from "./recurrence.ts";

/** Recomputes the gates of a span from x and the hidden states: one product each for all its steps, then the activations. */
export function recomputeGates(
  { kernels: { gates: kernel } }: Cell,
  recurrence: Recurrence,
  inputs: RecurrentInputs<Operand>,
  plan: PlanContext,
): Dispatch[] {
  if (!kernel) return [];
  const { sizes, span, gates, bias, lengths } = recurrence;
  const { N, H, slots } = sizes;
  const elements = span.count * N * slots * H;
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
    flops: 8 * elements,
    bytes: 8 * elements,
  });
  return [inputProduct(recurrence, inputs, plan), gemm(spanProduct(recurrence), plan), activation];
}

/** The span's part of the output's gradient: a view if one may begin there, else a copy. */
export function spanGradient(
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

/** Carries dG of a chunk's first step, in processing order, to the chunk before: there it is in the block after the chunk's own. */
export function carryGradient(
  { sizes: { N, H, slots }, reverse, span, gates }: Recurrence,
  carried: Operand,
  plan: PlanContext,
): { keep: Dispatch; restoreIn(span: Span): Dispatch } {
  const block = slots * N * H;
  const first = reverse ? span.count - 1 : 0;
  return {
    keep: copyRun(block, { operand: gates, offset: first * block }, { operand: carried }, plan),
    restoreIn: ({ count }) =>
      copyRun(block, { operand: carried }, { operand: gates, offset: count * block }, plan),
  };
}
