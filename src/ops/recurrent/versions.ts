import type { Kernel } from "../../gpu/kernel.ts";
import { roundUp } from "../../shape.ts";
import { predictMicros } from "../choice.ts";
import { LANES4 } from "../lanes4.ts";
import { type Dispatch, dispatch, linearGrid, type Operand, type PlanContext } from "../op.ts";
import { gemm, gemmMicros } from "../product/gemm.ts";
import type { Product } from "../product/product.ts";
import {
  backwardParamsAt,
  forwardParamsAt,
  gateBlock,
  type Recurrence,
  type RecurrenceGradients,
  type RecurrentVersion,
  type Step,
  stepsOf,
} from "./recurrence.ts";

/** The kernels of one version of one kind of cell. */
export interface StepKernels {
  readonly forward: Kernel;
  readonly backward: Kernel;
  /** Floats of a unit's gates: 4, or 1 for an Elman RNN. */
  readonly slots: number;
}

/** Operations of a cell's pointwise part for one slot of one unit, about. */
export const POINTWISE_FLOPS = 8;

/** What the pointwise part takes for so many slots, exponentials and the masks of its loads and stores included; about. */
function pointwiseWork(elements: number) {
  return { flops: 40 * elements, loads: 8 * elements };
}

/** The operands that a kernel declares, by name; `null` for those there are not. */
export function bind(kernel: Kernel, operands: Readonly<Record<string, Operand | null>>) {
  const names = Object.keys(kernel.declaration.bindings);
  return Object.fromEntries(names.map((name) => [name, operands[name] ?? null]));
}

/** Operands of the forward kernels. */
export function forwardOperands({ gates, weight, bias, hidden, cells, lengths }: Recurrence) {
  return { gates, weight, bias, hidden, cells, lengths };
}

/** Operands of the backward kernels. */
export function backwardOperands(
  { gates, weight, hidden, cells, lengths }: Recurrence,
  grads: RecurrenceGradients,
) {
  const { output: gradOutput, hiddenCarry, cellCarry } = grads;
  return { gates, weight, hidden, cells, lengths, gradOutput, hiddenCarry, cellCarry };
}

/** Batch rows of a workgroup of the step kernels; an invocation has 4 of them, and an eighth of the units. */
const STEP_ROWS = 16;

/** What a software adapter, which spills the sums, takes longer for a multiply-add of a step kernel, in loads. */
const SPILLED_LOADS = { forward: 0.1, backward: 0 } as const;

/**
 * Recurrent product and cell fused: one dispatch a time step.
 * @param units Of a workgroup.
 */
export function stepVersion(kernels: StepKernels, units: number): RecurrentVersion {
  const { slots } = kernels;
  const ownUnits = units / 8;
  const loadsOf = { forward: 1 / 4 + 1 / (ownUnits * slots), backward: 1 / 4 + 1 / ownUnits };
  const step = (
    { sizes: { N, H } }: Recurrence,
    kernel: Kernel,
    params: Readonly<Record<string, number>>,
    operands: Readonly<Record<string, Operand | null>>,
    hasProduct: boolean,
  ) =>
    dispatch({
      kernel,
      params,
      bindings: bind(kernel, operands),
      grid: [Math.ceil(H / units), Math.ceil(N / STEP_ROWS), 1],
      flops: slots * N * H * ((hasProduct ? 2 * H : 0) + POINTWISE_FLOPS),
      bytes: 4 * slots * (H * H + 3 * N * H),
    });
  return {
    stepMicros: ({ sizes: { N, H } }, pass, { facts }) => {
      const groups = Math.ceil(N / STEP_ROWS) * Math.ceil(H / units);
      const isSoftware = facts.subgroupSize === LANES4;
      // Four lanes own 4 rows each and end at once where those lie outside.
      const [high, wide] = isSoftware ? [4, 4 * ownUnits] : [STEP_ROWS, units];
      const products = roundUp(N, high) * roundUp(H, wide) * slots * H;
      const own = pointwiseWork(N * H * slots);
      const loads = loadsOf[pass] + (isSoftware ? SPILLED_LOADS[pass] : 0);
      return predictMicros(
        { groups, flops: 2 * products + own.flops, loads: loads * products + own.loads },
        facts,
      );
    },
    forward: (recurrence) =>
      stepsOf(recurrence).map((at) => {
        const hasProduct = !at.isFirst || recurrence.hasInitialState;
        const params = forwardParamsAt(recurrence, at);
        return step(recurrence, kernels.forward, params, forwardOperands(recurrence), hasProduct);
      }),
    backward: (recurrence, gradients) =>
      stepsOf(recurrence)
        .reverse()
        .map((at) => {
          const params = backwardParamsAt(recurrence, gradients, at);
          return step(
            recurrence,
            kernels.backward,
            params,
            backwardOperands(recurrence, gradients),
            !at.isLast,
          );
        }),
  };
}

/** gates[t] += h_before·W', the recurrent product of one forward step. */
function forwardFactors(
  recurrence: Recurrence,
  { t, before }: Pick<Step, "t" | "before">,
  slots: number,
): Product {
  const { sizes, hidden, hiddenAt, weight, gates } = recurrence;
  const { N, H, R } = sizes;
  const columns = slots * H;
  return {
    rows: N,
    columns,
    depth: R,
    a: { operand: hidden, offset: hiddenAt.at(before), strides: [R, 1] },
    b: { operand: weight, strides: [columns, 1] },
    c: { operand: gates, offset: gateBlock(recurrence, t) * N * columns, strides: [columns, 1] },
    accumulate: true,
  };
}

export function forwardProduct(
  recurrence: Recurrence,
  step: Step,
  slots: number,
  plan: PlanContext,
): Dispatch {
  return gemm(forwardFactors(recurrence, step, slots), plan);
}

/** recurrent = dG[next]·W'ᵀ, the recurrent product of one backward step. */
function backwardFactors(
  recurrence: Recurrence,
  { next }: Pick<Step, "next">,
  slots: number,
  recurrent: Operand,
): Product {
  const { sizes, weight, gates } = recurrence;
  const { N, H, R } = sizes;
  const depth = slots * H;
  return {
    rows: N,
    columns: R,
    depth,
    a: { operand: gates, offset: gateBlock(recurrence, next) * N * depth, strides: [depth, 1] },
    b: { operand: weight, strides: [1, depth] },
    c: { operand: recurrent, strides: [R, 1] },
  };
}

export function backwardProduct(
  recurrence: Recurrence,
  step: Step,
  slots: number,
  recurrent: Operand,
  plan: PlanContext,
): Dispatch {
  return gemm(backwardFactors(recurrence, step, slots, recurrent), plan);
}

/** The pointwise part of one step. */
export function pointwise(
  { sizes: { N, H } }: Recurrence,
  kernel: Kernel,
  slots: number,
  params: Readonly<Record<string, number>>,
  operands: Readonly<Record<string, Operand | null>>,
  plan: PlanContext,
): Dispatch {
  return dispatch({
    kernel,
    params,
    bindings: bind(kernel, operands),
    grid: linearGrid(N * H, plan),
    flops: slots * POINTWISE_FLOPS * N * H,
    bytes: 4 * slots * 3 * N * H,
  });
}

/** The plain version: a product, then a pointwise kernel, for every time step. */
export function cellVersion({ forward, backward, slots }: StepKernels): RecurrentVersion {
  return {
    stepMicros: (recurrence, pass, plan) => {
      const { N, H } = recurrence.sizes;
      const at = { t: 0, before: 0, next: 0 };
      const product =
        pass === "forward"
          ? forwardFactors(recurrence, at, slots)
          : backwardFactors(recurrence, at, slots, recurrence.hidden);
      const groups = Math.ceil((N * H) / 64);
      return (
        gemmMicros(product, plan) + predictMicros({ groups, ...pointwiseWork(N * H * slots) }, plan.facts)
      );
    },
    forward: (recurrence, plan) =>
      stepsOf(recurrence).flatMap((step) => {
        const hasBefore = !step.isFirst || recurrence.hasInitialState;
        const params = forwardParamsAt(recurrence, step);
        return [
          ...(hasBefore ? [forwardProduct(recurrence, step, slots, plan)] : []),
          pointwise(recurrence, forward, slots, params, forwardOperands(recurrence), plan),
        ];
      }),
    backward: (recurrence, gradients, plan) => {
      const { N, R } = recurrence.sizes;
      const recurrent = plan.temporary([N, R]);
      return stepsOf(recurrence)
        .reverse()
        .flatMap((step) => {
          const params = backwardParamsAt(recurrence, gradients, step);
          const operands = {
            ...backwardOperands(recurrence, gradients),
            recurrent: step.isLast ? null : recurrent,
          };
          return [
            ...(step.isLast ? [] : [backwardProduct(recurrence, step, slots, recurrent, plan)]),
            pointwise(recurrence, backward, slots, params, operands, plan),
          ];
        });
    },
  };
}
