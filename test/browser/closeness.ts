/** Holding float32 results of the GPU against float64 goldens, with a budget and a record of how much of it was used. */
import { expect } from "vitest";
import type { GoldenTensor } from "../golden-case.ts";

/**
 * torch's float32 defaults (torch.testing.assert_close). The absolute part is taken relative to the tensor's own largest value
 * where that is below 1, so that small gradients are held as tightly as large ones.
 */
const RTOL = 1.3e-6;
const ATOL = 1e-5;

/** The largest share of its budget that any element of `actual` uses: up to 1 passes. */
export function budgetUsed(actual: Float32Array, expected: GoldenTensor): number {
  const scale = Math.min(1, expected.data.reduce((max, value) => Math.max(max, Math.abs(value)), 0));
  let used = 0;
  for (const [i, value] of expected.data.entries()) {
    const budget = RTOL * Math.abs(value) + ATOL * scale;
    const error = Math.abs(actual[i]! - value);
    // An exact zero has no budget and has to be met.
    used = Math.max(used, error === 0 ? 0 : error / budget);
    if (Number.isNaN(error)) return Number.POSITIVE_INFINITY;
  }
  return used;
}

/** Fails if `actual` has another size than `expected` or leaves its budget; returns the share of it that was used. */
export function expectClose(name: string, actual: Float32Array, expected: GoldenTensor): number {
  expect(actual.length, `${name}: number of values`).toBe(expected.data.length);
  const used = budgetUsed(actual, expected);
  expect(used, `${name}: share of the budget used`).toBeLessThanOrEqual(1);
  return used;
}
