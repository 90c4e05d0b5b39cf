/** What the versions of the recurrent part share. */
import type { Kernel } from "../../gpu/kernel.ts";
import type { Operand } from "../op.ts";
import type { Recurrence } from "./recurrence.ts";

/** Approximate operations of a cell's pointwise part for one slot of one unit. */
export const POINTWISE_FLOPS = 8;

/** Approximate cost of the pointwise part for so many slots, with exponentials and the masks of its loads and stores. */
export function pointwiseWork(elements: number) {
  return { flops: 40 * elements, loads: 8 * elements };
}

/** Operands by the names of the kernels' bindings. */
export type StepOperands = Readonly<Record<string, Operand | null>>;

/** The operands that a kernel declares; `null` for those that are not there. */
export function bind(kernel: Kernel, operands: StepOperands): StepOperands {
  const names = Object.keys(kernel.declaration.bindings);
  return Object.fromEntries(names.map((name) => [name, operands[name] ?? null]));
}

/** Operands of the forward kernels. */
export function forwardOperands(recurrence: Recurrence): StepOperands {
  const { gates, weight, bias, hidden, cells, lengths } = recurrence;
  return { gates, weight, bias, hidden, cells, lengths };
}
