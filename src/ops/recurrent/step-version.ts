import type { Kernel } from "../../gpu/kernel.ts";
import { roundUp } from "../../shape.ts";
import { predictMicros } from "../choice.ts";
import { tileGrid } from "../grid.ts";
import { hasLanes4 } from "../lanes4.ts";
import { type Dispatch, dispatch, type PlanContext } from "../op.ts";
import type { Pass, Recurrence } from "./recurrence.ts";
import { bind, POINTWISE_FLOPS, pointwiseWork, type StepOperands } from "./version.ts";

/** A workgroup is 8 × 4 invocations, each of which owns 4 batch rows and some units: 2 of four slots, or 4 of one. */
const ROWS = 16;
const ownUnits = (slots: number) => (slots === 1 ? 4 : 2);
const unitsOf = (slots: number) => 8 * ownUnits(slots);

/** Cost of a multiply-add on a software adapter, which spills the sums of an invocation to memory; in loads. */
const SPILLED_LOADS = { forward: 0.1, backward: 0 } as const;

export function stepMicros(
  { sizes: { N, H, slots } }: Recurrence,
  pass: Pass,
  { facts }: PlanContext,
): number {
  const units = unitsOf(slots);
  const own = ownUnits(slots);
  const groups = Math.ceil(N / ROWS) * Math.ceil(H / units);
  // Four neighbouring lanes have the same 4 rows, and return at once if these are outside the batch.
  const [high, wide] = hasLanes4(facts) ? [4, 4 * own] : [ROWS, units];
  const products = roundUp(N, high) * roundUp(H, wide) * slots * H;
  const pointwise = pointwiseWork(N * H * slots);
  const loadsOf = { forward: 1 / 4 + 1 / (own * slots), backward: 1 / 4 + 1 / own };
  const loads = loadsOf[pass] + (facts.software ? SPILLED_LOADS[pass] : 0);
  return predictMicros(
    { groups, flops: 2 * products + pointwise.flops, loads: loads * products + pointwise.loads },
    facts,
  );
}

export function stepDispatch(
  { sizes: { N, H, slots } }: Recurrence,
  kernel: Kernel,
  params: Readonly<Record<string, number>>,
  operands: StepOperands,
  hasProduct: boolean,
  plan: PlanContext,
): Dispatch {
  return dispatch({
    kernel,
    params,
    bindings: bind(kernel, operands),
    grid: tileGrid(Math.ceil(H / unitsOf(slots)), Math.ceil(N / ROWS), 1, plan),
    flops: slots * N * H * ((hasProduct ? 2 * H : 0) + POINTWISE_FLOPS),
    bytes: 4 * slots * (H * H + 3 * N * H),
  });
}
