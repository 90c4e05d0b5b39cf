/** The matrix products of a recurrent layer's forward pass. */
import type { Dispatch, Operand, PlanContext } from "../op.ts";
import { gemm } from "../product/gemm.ts";
import type { Product } from "../product/product.ts";
import type { RecurrentInputs } from "./operands.ts";
import type { Recurrence } from "./recurrence.ts";
import { gateBlock } from "./steps.ts";

/** gates = x·W_ihᵀ + b_ih for the steps of a span. */
export function inputProduct(
  { sizes, span, gates, reached }: Recurrence,
  { x, weightIh, biasIh }: RecurrentInputs<Operand>,
  plan: PlanContext,
): Dispatch {
  const { N, I, H, slots } = sizes;
  const columns = slots * H;
  const product = {
    rows: span.count * N,
    columns,
    depth: I,
    a: { operand: x, offset: span.first * N * I, strides: [I, 1] },
    b: { operand: weightIh, strides: [columns, 1] },
    c: { operand: gates, strides: [columns, 1] },
    bias: biasIh,
    slots: reached.input,
  } as const;
  return gemm(product, plan);
}

/** gates[t] += h[before]·W': the recurrent product of one forward step. */
export function forwardProduct(recurrence: Recurrence, t: number, before: number): Product {
  const { sizes, hidden, hiddenAt, weight, gates, reached } = recurrence;
  const { N, H, R, slots } = sizes;
  const columns = slots * H;
  return {
    rows: N,
    columns,
    depth: R,
    a: { operand: hidden, offset: hiddenAt.at(before), strides: [R, 1] },
    b: { operand: weight, strides: [columns, 1] },
    c: { operand: gates, offset: gateBlock(recurrence, t) * N * columns, strides: [columns, 1] },
    accumulate: true,
    slots: reached.hidden,
  };
}
