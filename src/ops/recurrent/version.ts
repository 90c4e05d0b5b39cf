/** The ways to run a layer's time steps, and what they share. */
import type { Kernel } from "../../gpu/kernel.ts";
import type { Dispatch, Operand, PlanContext } from "../op.ts";
import type { Recurrence } from "./recurrence.ts";
import type { Step } from "./steps.ts";

/** Operands by the names of the kernels' bindings. */
export type StepOperands = Readonly<Record<string, Operand | null>>;

/** The steps of one pass, with what its kernels take. */
export interface StepPass {
  readonly recurrence: Recurrence;
  /** In processing order: a backward pass begins with the last. */
  readonly steps: readonly Step[];
  /** Values of a step's params; a kernel takes those that it declares. */
  paramsAt(step: Step): Readonly<Record<string, number>>;
  /** Operands of all kernels of the pass. */
  readonly operands: StepOperands;
  /** Backward: whether every step leaves a gradient in hiddenCarry. */
  readonly keepsHidden: boolean;
}

/** One way to run the steps of a pass, for any cell that has a kernel for it. */
export interface Version {
  /** Predicted µs for one time step; `null` where the version cannot do the sizes or the device lacks what it needs. */
  stepMicros(recurrence: Recurrence, plan: PlanContext): number | null;
  /** @param trialPass A part of the pass, over operands of its own, for a version that has choices of its own to time. */
  dispatches(kernel: Kernel, pass: StepPass, plan: PlanContext, trialPass: () => StepPass): Dispatch[];
}

/** Approximate operations of a cell's pointwise part for one slot of one unit. */
export const POINTWISE_FLOPS = 8;

/** Approximate cost of the pointwise part for so many slots, with exponentials and the masks of its loads and stores. */
export function pointwiseWork(elements: number) {
  return { flops: 40 * elements, loads: 8 * elements };
}

/** The operands that a kernel declares; `null` for those that are not there. */
export function bind(kernel: Kernel, operands: StepOperands): StepOperands {
  const names = Object.keys(kernel.declaration.bindings);
  return Object.fromEntries(names.map((name) => [name, operands[name] ?? null]));
}
