/** Parts of products to time versions by. Loads on demand, and imports types alone. */
import type { PlanContext } from "../op.ts";
import type { Product, Slices } from "./product.ts";

/**
 * A part of a product, with a result of its own.
 * @param share The part; the whole if more than 1.
 */
export function trialOf(
  product: Product,
  slices: Slices,
  share: number,
  plan: PlanContext,
): [Product, Slices] {
  const c = { ...product.c, operand: plan.temporary([product.c.operand.elements]) };
  return partOf({ ...product, c }, slices, Math.min(1, share));
}

/** A share of a product's slices, or of its rows. */
function partOf(product: Product, slices: Slices, share: number): [Product, Slices] {
  const count = Math.ceil(slices.count * share);
  if (slices.count > 1)
    return [
      { ...product, depth: count * slices.depth },
      { ...slices, count },
    ];
  return [{ ...product, rows: Math.min(product.rows, 64 * Math.ceil((product.rows * share) / 64)) }, slices];
}
