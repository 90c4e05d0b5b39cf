/** Loads on demand with the versions that use it, and imports types alone. */
import type { Kernel } from "../../gpu/kernel.ts";
import type { Grids } from "../grid.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import type { Recurrence } from "./recurrence.ts";

/** weight[k][j] at [j][k]: in a backward product neighbouring invocations have neighbouring k. */
export function transposedWeight(
  transpose: Kernel,
  { linearGrid }: Grids,
  { sizes: { H, slots }, weight }: Recurrence,
  plan: PlanContext,
) {
  const transposed = plan.temporary([H, H, slots]);
  const dispatch: Dispatch = {
    kernel: transpose,
    params: { hidden: H, slots },
    bindings: { weight, transposed },
    grid: linearGrid(H * H, plan),
    flops: 0,
    bytes: 8 * H * H * slots,
  };
  return { transposed, dispatch };
}
