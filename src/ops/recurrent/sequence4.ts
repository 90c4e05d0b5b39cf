/**
 * Version `sequence4`: many steps in one dispatch, for subgroups of four lanes. A workgroup owns some batch rows, and all units and steps of
 * them. The file loads on demand and imports types alone: a value that it shared with other files would be a chunk of its own.
 */
import type { Kernel } from "../../gpu/kernel.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import type { Pass, Recurrence } from "./recurrence.ts";
import type { Step } from "./steps.ts";
import type { StepOperands, StepPass, Version } from "./version.ts";

const LANES = 4;

/** Approximate operations of a cell's pointwise part for one slot of one unit. */
const POINTWISE_FLOPS = 8;

/** Maximum number of units: a subgroup's share of the weights is in the private memory of its invocations. */
const MOST_UNITS = 256;

/** Quads of a subgroup. A quad is four slots: one unit of an LSTM or a GRU, four units of an Elman RNN. */
const QUADS = 8;

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
function sharesOf({ sizes: { H, slots } }: Recurrence) {
  const units = (4 * QUADS) / slots;
  return { units, subgroups: Math.ceil(H / units), blocks: Math.ceil(H / 16) };
}

/**
 * Batch rows of a workgroup. There are only as many workgroups as the adapter runs at once, as each waits at its own barriers; and as a
 * grid may have.
 */
function rowsOf({ sizes: { N } }: Recurrence, { facts, maxGrid }: PlanContext): number {
  const few = Math.min(MOST_ROWS, Math.ceil(N / Math.max(LEAST_GROUPS, Math.round(facts.workgroups))));
  return Math.max(few, Math.ceil(N / maxGrid));
}

function stepMicros(recurrence: Recurrence, pass: Pass, plan: PlanContext): number | null {
  const { N, H, slots } = recurrence.sizes;
  const { facts } = plan;
  const { units, subgroups, blocks } = sharesOf(recurrence);
  if (facts.subgroupSize !== LANES || H > MOST_UNITS || LANES * subgroups > plan.maxInvocations) return null;
  const rows = rowsOf(recurrence, plan);
  const groups = Math.ceil(N / rows);
  const busy = Math.min(1, groups / facts.workgroups);
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

/** The steps of a pass, cut into as few dispatches as their time allows. */
function segments({ recurrence, steps }: StepPass, pass: Pass, plan: PlanContext): (readonly Step[])[] {
  const count = Math.max(1, Math.floor(DISPATCH_MICROS / stepMicros(recurrence, pass, plan)!));
  return Array.from({ length: Math.ceil(steps.length / count) }, (_, i) =>
    steps.slice(i * count, (i + 1) * count),
  );
}

/** @param order -1 for a pass that begins with the last step. */
function segmentDispatch(
  kernel: Kernel,
  { recurrence, paramsAt }: StepPass,
  operands: StepOperands,
  steps: readonly Step[],
  order: 1 | -1,
  plan: PlanContext,
): Dispatch {
  const { sizes, reverse, cellsAt } = recurrence;
  const { N, H, slots } = sizes;
  const rows = rowsOf(recurrence, plan);
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
    grid: plan.groupGrid(Math.ceil(N / rows)),
    flops: slots * N * H * steps.length * (2 * H + POINTWISE_FLOPS),
    bytes: 4 * slots * (H * H + steps.length * 3 * N * H),
  };
}

export const sequence4Forward: Version = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, "forward", plan),
  dispatches: (kernel, pass, plan) => {
    const { subgroups, blocks } = sharesOf(pass.recurrence);
    const sized = kernel.with({
      DEPTHS: blocks,
      TILE: 4 * QUADS * blocks,
      LANES: LANES * subgroups,
      HAS_LENGTHS: Number(pass.recurrence.lengths !== null),
    });
    return segments(pass, "forward", plan).map((steps) =>
      segmentDispatch(sized, pass, pass.operands, steps, 1, plan),
    );
  },
};

export const sequence4Backward: Version = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, "backward", plan),
  dispatches: (kernel, pass, plan) => {
    const { recurrence, keepsHidden } = pass;
    const { subgroups, blocks } = sharesOf(recurrence);
    const partial = plan.temporary([2, recurrence.sizes.N, subgroups, 16 * blocks]);
    const sized = kernel.with({
      BLOCKS: blocks,
      COLUMNS: 4 * blocks,
      WEIGHTS: 4 * QUADS * blocks,
      SUBGROUPS: subgroups,
      LANES: LANES * subgroups,
      HAS_LENGTHS: Number(recurrence.lengths !== null),
      KEEPS_CARRY: Number(keepsHidden),
    });
    return segments(pass, "backward", plan).map((steps) =>
      segmentDispatch(sized, pass, { ...pass.operands, partial }, steps, -1, plan),
    );
  },
};
