/**
 * Version `sequence4`: many steps in one dispatch, for subgroups of four lanes. A workgroup owns some batch rows, and all units and steps of
 * them. The file loads on demand, and imports types and what loads with it alone: a value of the main file would split that.
 */
import type { PlanContext } from "../op.ts";
import type { Pass, Recurrence } from "./recurrence.ts";
import { segmentDispatches } from "./segments.ts";
import type { Version } from "./version.ts";

const LANES = 4;

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

/** Batch rows of a workgroup, and the workgroups. */
function divisionOf(recurrence: Recurrence, plan: PlanContext) {
  const rows = rowsOf(recurrence, plan);
  return { rows, grid: plan.groupGrid(Math.ceil(recurrence.sizes.N / rows)) };
}

/** Maximum number of steps of a dispatch. */
function stepsOf(recurrence: Recurrence, pass: Pass, plan: PlanContext): number {
  return DISPATCH_MICROS / stepMicros(recurrence, pass, plan)!;
}

export const sequence4Forward: Version = {
  stepMicros: (recurrence, plan) => stepMicros(recurrence, "forward", plan),
  dispatches: (kernel, pass, plan) => {
    const { recurrence, operands } = pass;
    const { subgroups, blocks } = sharesOf(recurrence);
    const sized = kernel.with({
      DEPTHS: blocks,
      TILE: 4 * QUADS * blocks,
      LANES: LANES * subgroups,
      HAS_LENGTHS: Number(recurrence.lengths !== null),
    });
    const steps = stepsOf(recurrence, "forward", plan);
    return segmentDispatches({
      kernel: sized,
      pass,
      operands,
      order: 1,
      ...divisionOf(recurrence, plan),
      steps,
    });
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
    const operands = { ...pass.operands, partial };
    const steps = stepsOf(recurrence, "backward", plan);
    return segmentDispatches({
      kernel: sized,
      pass,
      operands,
      order: -1,
      ...divisionOf(recurrence, plan),
      steps,
    });
  },
};
