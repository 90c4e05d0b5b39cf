import type { Kernel } from "../../gpu/kernel.ts";
import { LANES4 } from "../lanes4.ts";
import { type Dispatch, dispatch, type PlanContext } from "../op.ts";
import type { Pass, Recurrence } from "./recurrence.ts";
import { type Step, stepsOf } from "./steps.ts";
import { bind, POINTWISE_FLOPS, type StepOperands } from "./version.ts";

/** Maximum number of units: a subgroup's share of the weights is in the private memory of its invocations. */
const MOST_UNITS = 256;

/** Quads of a subgroup. A quad is four slots: one unit of an LSTM or a GRU, four units of an Elman RNN. */
export const QUADS = 8;

/** Minimum number of workgroups if there are rows enough: under other load the measured number of parallel workgroups is too low. */
const LEAST_GROUPS = 2;

/** Maximum rows of a workgroup: with these the cost of loading its weights is spread enough. */
const MOST_ROWS = 16;

/** Upper limit for the time of a dispatch in µs, so that the page can draw in between. */
const DISPATCH_MICROS = 50_000;

/**
 * Cost-model weights, in equivalent loads. Exchanged: a value that subgroups exchange (forward a state, backward a partial sum), with the
 * other work on a row of a product. Pointwise: one slot of a unit. Weight: a value of the weights, which is loaded and copied once, and
 * read from an outer cache in each step.
 */
const EXCHANGED_LOADS = { forward: 2.5, backward: 2 } as const;
const POINTWISE_LOADS = { forward: 5.5, backward: 7.5 } as const;
const WEIGHT_LOADS = { once: 2, step: 1 / 8 } as const;

/** How a layer's units are divided: units of a subgroup, subgroups of a workgroup, and blocks of sixteen units. */
export function sharesOf({ sizes: { H, slots } }: Recurrence) {
  const units = (4 * QUADS) / slots;
  return { units, subgroups: Math.ceil(H / units), blocks: Math.ceil(H / 16) };
}

/** Batch rows of a workgroup. There are only as many workgroups as the adapter runs at once, as each waits at its own barriers. */
function rowsOf({ sizes: { N } }: Recurrence, { facts }: PlanContext): number {
  return Math.min(MOST_ROWS, Math.ceil(N / Math.max(LEAST_GROUPS, Math.round(facts.workgroups))));
}

export function stepMicros(recurrence: Recurrence, pass: Pass, plan: PlanContext): number | null {
  const { N, H, slots } = recurrence.sizes;
  const { facts } = plan;
  if (facts.subgroupSize !== LANES4 || H > MOST_UNITS) return null;
  const rows = rowsOf(recurrence, plan);
  const groups = Math.ceil(N / rows);
  const busy = Math.min(1, groups / facts.workgroups);
  const { units, subgroups, blocks } = sharesOf(recurrence);
  // A subgroup's share of the weights, which it uses for all rows.
  const tile = 4 * QUADS * 16 * blocks;
  const products = (2 * N * subgroups * tile) / facts.gflops;
  // Forward, a subgroup loads the state before. Backward, it loads its own dG, stores sums for all units and loads the sums for its own.
  const exchanged = EXCHANGED_LOADS[pass] * 16 * blocks;
  const own = pass === "forward" ? 0 : units * (slots + subgroups);
  const rowLoads = exchanged + own + units * slots * POINTWISE_LOADS[pass];
  const weightLoads = WEIGHT_LOADS.step + WEIGHT_LOADS.once / recurrence.span.count;
  const loads = subgroups * (N * rowLoads + groups * tile * weightLoads);
  // barrierMicros is measured with 64 subgroups.
  const waiting = (facts.barrierMicros * subgroups) / 64;
  return (
    facts.dispatchMicros / recurrence.span.count + (products + loads / facts.gloads) / (1e3 * busy) + waiting
  );
}

/** The steps in the order of a pass, cut into as few dispatches as their time allows. */
export function segments(recurrence: Recurrence, pass: Pass, plan: PlanContext): Step[][] {
  const steps = stepsOf(recurrence);
  if (pass === "backward") steps.reverse();
  const count = Math.max(1, Math.floor(DISPATCH_MICROS / stepMicros(recurrence, pass, plan)!));
  return Array.from({ length: Math.ceil(steps.length / count) }, (_, i) =>
    steps.slice(i * count, (i + 1) * count),
  );
}

/** The number of a dispatch's steps, and the distance from one to the next; `order` is -1 if the pass begins with the last. */
export function segmentParams({ sizes: { N, H }, reverse }: Recurrence, steps: Step[], order: 1 | -1) {
  const direction = reverse ? -order : order;
  return { steps: steps.length, stride: direction * N * H, timeStride: direction };
}

export function segmentDispatch(
  recurrence: Recurrence,
  kernel: Kernel,
  params: Readonly<Record<string, number>>,
  operands: StepOperands,
  steps: Step[],
  plan: PlanContext,
): Dispatch {
  const { N, H, slots } = recurrence.sizes;
  const rows = rowsOf(recurrence, plan);
  const products = steps.filter(({ isFirst }) => !isFirst || recurrence.hasInitialState).length;
  return dispatch({
    kernel,
    params: { ...params, rows },
    bindings: bind(kernel, operands),
    grid: [Math.ceil(N / rows), 1, 1],
    flops: slots * N * H * (products * 2 * H + steps.length * POINTWISE_FLOPS),
    bytes: 4 * slots * (H * H + steps.length * 3 * N * H),
  });
}
