/** What both passes of version `cell` share. */
import type { Kernel } from "../../gpu/kernel.ts";
import { predictMicros } from "../choice.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type PlanContext } from "../op.ts";
import { gemmMicros } from "../product/gemm.ts";
import type { Product } from "../product/product.ts";
import type { Recurrence } from "./recurrence.ts";
import { bind, POINTWISE_FLOPS, pointwiseWork, type StepOperands } from "./version.ts";

/** The pointwise part of one step. */
export function pointwise(
  { sizes: { N, H, slots } }: Recurrence,
  kernel: Kernel,
  params: Readonly<Record<string, number>>,
  operands: StepOperands,
  plan: PlanContext,
): Dispatch {
  return dispatch({
    kernel,
    params,
    bindings: bind(kernel, operands),
    grid: linearGrid(N * H, plan),
    flops: slots * POINTWISE_FLOPS * N * H,
    bytes: 4 * slots * 3 * N * H,
  });
}

/** Predicted µs for a product and the pointwise part of one step. */
export function stepMicros(
  { sizes: { N, H, slots } }: Recurrence,
  product: Product,
  plan: PlanContext,
): number {
  const groups = Math.ceil((N * H) / 64);
  return gemmMicros(product, plan) + predictMicros({ groups, ...pointwiseWork(N * H * slots) }, plan.facts);
}
