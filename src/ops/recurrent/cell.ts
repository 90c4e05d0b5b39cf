import type { Kernel } from "../../gpu/kernel.ts";
import type { Dispatch, PlanContext, VersionPins } from "../op.ts";
import { ALL_SLOTS } from "../product/weight-gradient.ts";
import type { gatesBindings, gatesParams } from "./params.ts";
import type { Recurrence, RecurrenceGradients } from "./recurrence.ts";

/** The ways to run a cell's steps; every cell has at least `cell`, the plain one. */
export type VersionName = NonNullable<VersionPins["recurrent"]>;

/** A cell's kernels of one pass, by version. */
export type VersionKernels = Readonly<Partial<Record<VersionName, Kernel>>> & { readonly cell: Kernel };

/** The slots of a gate that keeps the input's part and the hidden state's part of its preactivation apart. */
export interface SplitGate {
  readonly input: number;
  readonly hidden: number;
}

/** Everything that tells one recurrent cell from another. */
export interface Cell {
  /** Names the cell in errors, plans and the timings of its versions. */
  readonly name: string;
  /**
   * PyTorch's gates in PyTorch's order, and the slot of each: its place among the floats of a unit (0 to 3; a cell with the slot 0
   * alone has one float a unit). In {@link SplitGate}s the sum W_ih·x + b_ih and the sum W_hh·h + b_hh have a slot each.
   */
  readonly gates: Readonly<Record<string, number | SplitGate>>;
  /** Its states. */
  readonly states: readonly ["h"] | readonly ["h", "c"];
  /** Whether h reaches the next h other than through W_hh; the backward kernels then use hiddenCarry in every step. */
  readonly passesHidden: boolean;
  /** Values of params that only its kernels have. */
  readonly params?: Readonly<Record<string, number>>;
  readonly kernels: {
    readonly forward: VersionKernels;
    readonly backward: VersionKernels;
    /** Computes gates from their preactivations, for `recompute`; `null` where the backward pass does not read gates. */
    readonly gates: Kernel<keyof typeof gatesParams, keyof typeof gatesBindings> | null;
  };
  /** How to run it with a projection of the hidden state, if it can have one. */
  readonly projected?: {
    forward(kernel: Kernel, recurrence: Recurrence, plan: PlanContext): Dispatch[];
    backward(
      kernel: Kernel,
      recurrence: Recurrence,
      gradients: RecurrenceGradients,
      plan: PlanContext,
    ): Dispatch[];
  };
}

/** The slots of a cell's gates, in PyTorch's order: those of W_ih and b_ih, and those of W_hh and b_hh. */
export function gateSlots({ gates }: Cell): { readonly input: number[]; readonly hidden: number[] } {
  const slots = Object.values(gates).map((slot) =>
    typeof slot === "number" ? { input: slot, hidden: slot } : slot,
  );
  return { input: slots.map(({ input }) => input), hidden: slots.map(({ hidden }) => hidden) };
}

/** Floats of a unit: 1 for a single gate in a single slot, else 4, as the kernels load them as a vec4. */
export function slotCount(cell: Cell): 1 | 4 {
  const { input, hidden } = gateSlots(cell);
  return [...input, ...hidden].every((slot) => slot === 0) ? 1 : 4;
}

/** Slots as bits, as weight gradients take them. */
export function slotMask(cell: Cell, slots: readonly number[]): number {
  return slotCount(cell) === 1 ? ALL_SLOTS : slots.reduce((mask, slot) => mask | (1 << slot), 0);
}

/** Whether the cell has a state c. */
export function hasCellState({ states }: Cell): boolean {
  return states.length > 1;
}

export interface RecurrentAttributes {
  readonly hiddenSize: number;
  /** Whether time runs from the end of the sequences. */
  readonly reverse: boolean;
  /** Whether to recompute gates in the backward pass instead of keeping them; a number is the steps of a chunk. */
  readonly recompute?: boolean | number;
}
