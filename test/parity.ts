/** How a test reports a comparison with PyTorch to the parity page: see tools/make-parity.ts. */
import type { TaskMeta } from "vitest";
import type { ParityRow } from "../tools/parity-page.ts";

/** The budget where a case states none: rtol 1.3e-6 and atol 1e-5, as `torch.testing.assert_close`. */
export const float32Budget = "torch float32 default";

declare module "vitest" {
  interface TaskMeta {
    parity?: ParityRow[];
  }
}

/**
 * Records a comparison for the parity page. Call it before a comparison that may throw, whether or not the comparison holds. The rows are
 * in the test's `task.meta`, which is part of Vitest's JSON report.
 *
 * @param task the test's own: `test("…", ({ task }) => { … recordParity(task, { … }); })`
 */
export function recordParity(task: { readonly meta: TaskMeta }, row: ParityRow): void {
  task.meta.parity ??= [];
  task.meta.parity.push(row);
}
