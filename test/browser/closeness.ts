/** Compares float32 results of the GPU with float64 goldens, within a budget, and records the share used. */
import { expect } from "vitest";
import type { GoldenTensor } from "../golden-case.ts";

/** torch's float32 defaults (torch.testing.assert_close). */
const RTOL = 1.3e-6;
const ATOL = 1e-5;

/**
 * The largest share of its budget that any element of `actual` uses; up to 1 passes.
 *
 * The absolute part is tighter than torch's for small tensors: it scales with the tensor's largest value, so that small gradients
 * are checked like large ones. The scale stops at a hundredth, since a sum may round by more than its own size.
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
 * Fails if `actual` differs in size from `expected` or exceeds its budget; returns the share used.
 * @param factor The case's budget in multiples of torch's; the caller states the reason.
 */
export function expectClose(name: string, actual: Float32Array, expected: GoldenTensor, factor = 1): number {
  expect(actual.length, `${name}: number of values`).toBe(expected.data.length);
  const used = budgetUsed(actual, expected) / factor;
  expect(used, `${name}: share of the budget used`).toBeLessThanOrEqual(1);
  return used;
}
