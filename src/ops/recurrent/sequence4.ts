import type { Kernel, ParamType } from "../../gpu/kernel.ts";
import { LANES4 } from "../lanes4.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanContext } from "../op.ts";
import {
  backwardParamsAt,
  forwardParamsAt,
  type Recurrence,
  type RecurrenceGradients,
  type RecurrentVersion,
  type Step,
  stepsOf,
} from "./recurrence.ts";
import { backwardOperands, bind, forwardOperands, POINTWISE_FLOPS, type StepKernels } from "./versions.ts";

/** Units that the kernels are written for at most: the weights of a subgroup's share lie in its invocations' own memory. */
const MOST_UNITS = 256;

/** Quads of a subgroup. One has four slots: a unit of an LSTM or a GRU, four units of an Elman RNN. */
const QUADS = 8;

/** Workgroups at least, where there are rows enough: how many an adapter runs at once is measured too low while other work runs. */
const LEAST_GROUPS = 2;

/** A workgroup has no more rows than this: its weights are used often enough by then. */
const MOST_ROWS = 16;

/** A dispatch should take no longer than about this, in µs, so that the page it runs in is drawn in between. */
const DISPATCH_MICROS = 50_000;

/**
 * Loads that stand for what they say, about: a value that subgroups exchange (a state before forward, a sum backward) with what else a row
 * of a product takes, the pointwise part of a unit's slot, and a value of the weights, which is copied too, and in each step comes from far
 * in the core's caches.
 */
const EXCHANGED_LOADS = { forward: 2.5, backward: 2 } as const;
const POINTWISE_LOADS = { forward: 5.5, backward: 7.5 } as const;
const WEIGHT_LOADS = { once: 2, step: 1 / 8 } as const;

const sequenceParams = {
  batch: "u32",
  hidden: "u32",
  rows: "u32",
  steps: "u32",
  gate: "u32",
  current: "u32",
  stride: "u32",
} as const;

/** Uniform struct of the forward kernels; Elman RNNs have `relu` too. */
export const sequenceForwardParams = {
  ...sequenceParams,
  before: "u32",
  isRing: "u32",
  hasBefore: "u32",
  hasBias: "u32",
  time: "u32",
  timeStride: "u32",
} as const satisfies Record<string, ParamType>;

/** Uniform struct of the backward kernels; LSTMs and Elman RNNs have more. */
export const sequenceBackwardParams = {
  ...sequenceParams,
  nextGate: "u32",
  hasNext: "u32",
  hasBefore: "u32",
  hasGradOutput: "u32",
  hasHiddenCarry: "u32",
  time: "u32",
  timeStride: "u32",
} as const satisfies Record<string, ParamType>;

/** All of a layer's steps in few dispatches: a workgroup owns some batch rows, and all units and steps of them. */
export function sequence4Version({ forward, backward, slots }: StepKernels): RecurrentVersion {
  /** Units of a subgroup. */
  const units = (4 * QUADS) / slots;
  /** Subgroups of a workgroup, and blocks of sixteen units. */
  const sharesOf = ({ sizes: { H } }: Recurrence) => ({
    subgroups: Math.ceil(H / units),
    blocks: Math.ceil(H / 16),
  });
  const forwardKernel = (recurrence: Recurrence) => {
    const { subgroups, blocks } = sharesOf(recurrence);
    return forward.with({
      DEPTHS: blocks,
      TILE: 4 * QUADS * blocks,
      LANES: LANES4 * subgroups,
      HAS_LENGTHS: flag(recurrence.lengths),
    });
  };
  const backwardKernel = (recurrence: Recurrence, { keepsHidden }: RecurrenceGradients) => {
    const { subgroups, blocks } = sharesOf(recurrence);
    return backward.with({
      BLOCKS: blocks,
      COLUMNS: 4 * blocks,
      WEIGHTS: 4 * QUADS * blocks,
      SUBGROUPS: subgroups,
      LANES: LANES4 * subgroups,
      HAS_LENGTHS: flag(recurrence.lengths),
      KEEPS_CARRY: flag(keepsHidden),
    });
  };
  // One workgroup for what the adapter runs at once, as each waits at barriers of its own.
  const rowsOf = ({ sizes: { N } }: Recurrence, { facts }: PlanContext) =>
    Math.min(MOST_ROWS, Math.ceil(N / Math.max(LEAST_GROUPS, Math.round(facts.workgroups))));

  const version: RecurrentVersion = {
    stepMicros: (recurrence, pass, plan) => {
      const { N, H } = recurrence.sizes;
      const { facts } = plan;
      if (facts.subgroupSize !== LANES4 || H > MOST_UNITS) return null;
      const rows = rowsOf(recurrence, plan);
      const groups = Math.ceil(N / rows);
      const busy = Math.min(1, groups / facts.workgroups);
      const { subgroups, blocks } = sharesOf(recurrence);
      // A subgroup's share of the weights; it has them for all rows.
      const tile = 4 * QUADS * 16 * blocks;
      const products = (2 * N * subgroups * tile) / facts.gflops;
      // Forward a subgroup loads the state before; backward its own dG, and it leaves sums for all units and takes those for its own.
      const exchanged = EXCHANGED_LOADS[pass] * 16 * blocks;
      const own = pass === "forward" ? 0 : units * (slots + subgroups);
      const rowLoads = exchanged + own + units * slots * POINTWISE_LOADS[pass];
      const weightLoads = WEIGHT_LOADS.step + WEIGHT_LOADS.once / recurrence.span.count;
      const loads = subgroups * (N * rowLoads + groups * tile * weightLoads);
      // Barriers are measured with 64 subgroups.
      const waiting = (facts.barrierMicros * subgroups) / 64;
      return (
        facts.dispatchMicros / recurrence.span.count +
        (products + loads / facts.gloads) / (1e3 * busy) +
        waiting
      );
    },
    forward: (recurrence, plan) =>
      segments(recurrence, "forward", plan).map((steps) => {
        const first = forwardParamsAt(recurrence, steps[0]!);
        const isRing = flag(recurrence.cellsAt.isRing);
        const params = { ...first, isRing, ...segmentParams(recurrence, steps, 1) };
        return part(recurrence, forwardKernel(recurrence), params, forwardOperands(recurrence), steps, plan);
      }),
    backward: (recurrence, gradients, plan) => {
      const { N } = recurrence.sizes;
      const { subgroups, blocks } = sharesOf(recurrence);
      const partial = plan.temporary([2, N, subgroups, 16 * blocks]);
      const operands = { ...backwardOperands(recurrence, gradients), partial };
      const kernel = backwardKernel(recurrence, gradients);
      return segments(recurrence, "backward", plan).map((steps) => {
        const first = backwardParamsAt(recurrence, gradients, steps[0]!);
        const { hasBefore } = forwardParamsAt(recurrence, steps[steps.length - 1]!);
        const params = { ...first, hasBefore, ...segmentParams(recurrence, steps, -1) };
        return part(recurrence, kernel, params, operands, steps, plan);
      });
    },
  };

  /** The steps in the order of a pass, as many together as may be one dispatch. */
  const segments = (recurrence: Recurrence, pass: "forward" | "backward", plan: PlanContext): Step[][] => {
    const steps = stepsOf(recurrence);
    if (pass === "backward") steps.reverse();
    const micros = version.stepMicros(recurrence, pass, plan)!;
    const count = Math.max(1, Math.floor(DISPATCH_MICROS / micros));
    return Array.from({ length: Math.ceil(steps.length / count) }, (_, i) =>
      steps.slice(i * count, (i + 1) * count),
    );
  };

  /** Where the steps of a dispatch lie, one from the next; `order` is -1 where later ones come first. */
  const segmentParams = ({ sizes: { N, H }, reverse }: Recurrence, steps: Step[], order: 1 | -1) => {
    const direction = reverse ? -order : order;
    return { steps: steps.length, stride: direction * N * H, timeStride: direction };
  };

  const part = (
    recurrence: Recurrence,
    kernel: Kernel,
    params: Readonly<Record<string, number>>,
    operands: Readonly<Record<string, Operand | null>>,
    steps: Step[],
    plan: PlanContext,
  ): Dispatch => {
    const { N, H } = recurrence.sizes;
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
  };
  return version;
}
