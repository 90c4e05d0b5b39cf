/** How a test tells the parity page what it held against PyTorch: see tools/make-parity.ts. */
import type { TaskMeta } from "vitest";

/** One comparison with PyTorch, as the parity page shows it. */
export interface ParityRow {
  /** The page's section: a class, such as `nn.LSTM`. */
  readonly section: string;
  /** The row in it: an option or a case, such as `bidirectional, 2 layers`. Equal rows are merged. */
  readonly row: string;
  /** What was allowed: {@link float32Budget}, or a factor of it with its reason. */
  readonly budget: string;
  /** The largest share of the budget that any value used; more than 1 is a failure. */
  readonly used: number;
}

/** The budget where a case states none: rtol 1.3e-6 and atol 1e-5, as `torch.testing.assert_close`. */
export const float32Budget = "torch float32 default";

declare module "vitest" {
  interface TaskMeta {
    parity?: ParityRow[];
  }
}

/**
 * Notes a comparison for the parity page; call it whether or not the comparison holds, before it throws where it does
 * not. The rows travel in the test's `task.meta`, which Vitest's JSON report carries.
 *
 * @param task the test's own: `test("…", ({ task }) => { … recordParity(task, { … }); })`
 */
export function recordParity(task: { readonly meta: TaskMeta }, row: ParityRow): void {
  task.meta.parity ??= [];
  task.meta.parity.push(row);
}
