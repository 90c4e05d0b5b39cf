/** Dispatches of many time steps, for the versions that run these in one. Loads on demand with them, and imports types alone. */
import type { Kernel } from "../../gpu/kernel.ts";
import type { Grid } from "../grid.ts";
import type { Dispatch } from "../op.ts";
import type { Step } from "./steps.ts";
import type { StepOperands, StepPass } from "./version.ts";

/** Approximate operations of a cell's pointwise part for one slot of one unit. */
const POINTWISE_FLOPS = 8;

/** A pass cut into dispatches. */
export interface Segmented {
  /** With its constants. */
  readonly kernel: Kernel;
  readonly pass: StepPass;
  readonly operands: StepOperands;
  /** -1 for a pass that begins with the last step. */
  readonly order: 1 | -1;
  /** Batch rows of a workgroup. */
  readonly rows: number;
  readonly grid: Grid;
  /** Maximum number of steps of a dispatch. */
  readonly steps: number;
}

/** The steps of a pass, in as few dispatches as their length allows. */
export function segmentDispatches(segmented: Segmented): Dispatch[] {
  const { steps } = segmented.pass;
  const count = Math.max(1, Math.floor(segmented.steps));
  return Array.from({ length: Math.ceil(steps.length / count) }, (_, i) =>
    segmentDispatch(segmented, steps.slice(i * count, (i + 1) * count)),
  );
}

function segmentDispatch(
  { kernel, pass: { recurrence, paramsAt }, operands, order, rows, grid }: Segmented,
  steps: readonly Step[],
): Dispatch {
  const { sizes, reverse, cellsAt } = recurrence;
  const { N, H, slots } = sizes;
  // From one step to the next.
  const timeStride = reverse ? -order : order;
  const params = {
    ...paramsAt(steps[0]!),
    rows,
    steps: steps.length,
    stride: timeStride * N * H,
    timeStride,
    isRing: Number(cellsAt.isRing),
  };
  const names = Object.keys(kernel.declaration.bindings);
  return {
    kernel,
    params,
    bindings: Object.fromEntries(names.map((name) => [name, operands[name] ?? null])),
    grid,
    flops: slots * N * H * steps.length * (2 * H + POINTWISE_FLOPS),
    bytes: 4 * slots * (H * H + steps.length * 3 * N * H),
  };
}
