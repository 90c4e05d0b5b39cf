/** Holding float32 results of the GPU against float64 goldens, with a budget and a record of how much of it was used. */
import { expect } from "vitest";
import type { GoldenTensor } from "../golden-case.ts";

/** torch's float32 defaults (torch.testing.assert_close). */
const RTOL = 1.3e-6;
const ATOL = 1e-5;

/**
 * The largest share of its budget that any element of `actual` uses: up to 1 passes.
 *
 * The absolute part is tighter than torch's for small tensors: it follows the tensor's largest value, so that small gradients are
 * held like large ones, down to a hundredth, below which a sum's rounding comes from terms larger than the sum.
 */
export function budgetUsed(actual: Float32Array, expected: GoldenTensor): number {
  const largest = expected.data.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const scale = Math.min(1, Math.max(0.01, largest));
  let used = 0;
  for (const [i, value] of expected.data.entries()) {
    const budget = RTOL * Math.abs(value) + ATOL * scale;
    const error = Math.abs(actual[i]! - value);
    if (Number.isNaN(error)) return Number.POSITIVE_INFINITY;
    used = Math.max(used, error / budget);
  }
  return used;
}

/**
 * Fails if `actual` has another size than `expected` or leaves its budget; returns the share of it that was used.
 * @param factor What the case's own budget is, in torch's; its reason stands where it is given.
 */
export function expectClose(name: string, actual: Float32Array, expected: GoldenTensor, factor = 1): number {
  expect(actual.length, `${name}: number of values`).toBe(expected.data.length);
  const used = budgetUsed(actual, expected) / factor;
  expect(used, `${name}: share of the budget used`).toBeLessThanOrEqual(1);
  return used;
}
