import type { Kernel, KernelDeclaration } from "../../gpu/kernel.ts";
import type { VersionPins } from "../op.ts";
import { ALL_SLOTS } from "../product/product.ts";
import type { gatesBindings, gatesParams } from "./params.ts";

/** The ways to run a cell's steps; every cell has at least `cell`, the plain one. */
export type VersionName = NonNullable<VersionPins["recurrent"]>;

/** A cell's kernels of one pass, by version. */
export type VersionKernels = Readonly<Partial<Record<VersionName, Kernel>>> & { readonly cell: Kernel };

/** The slots of a gate that keeps the input's part and the hidden state's part of its preactivation apart. */
interface SplitGate {
  readonly input: number;
  readonly hidden: number;
}

/** Everything that tells one recurrent cell from another. */
export interface Cell {
  /** Names the cell in errors, plans and the timings of its versions. */
  readonly name: string;
  /**
   * The gates in PyTorch's order, and the slot of each: its place among the four floats of a unit. A cell whose only gate is in slot 0
   * has one float per unit. In a {@link SplitGate} the sums W_ih·x + b_ih and W_hh·h + b_hh have a slot each.
   */
  readonly gates: Readonly<Record<string, number | SplitGate>>;
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
  /** The texts of its kernels of the versions of `offers.ts`, if there are any. */
  readonly offeredTexts?: KernelDeclaration<string, string>["texts"];
}

export type StateName = Cell["states"][number];

/** The slots of a cell's gates, in PyTorch's order: those of W_ih and b_ih, and those of W_hh and b_hh. */
export function gateSlots({ gates }: Cell): { readonly input: number[]; readonly hidden: number[] } {
  const slots = Object.values(gates).map((slot) =>
    typeof slot === "number" ? { input: slot, hidden: slot } : slot,
  );
  return { input: slots.map(({ input }) => input), hidden: slots.map(({ hidden }) => hidden) };
}

/** {@link gateSlots} as bits, as products take them. With one float per unit there is no slot to leave out. */
export function slotMasks(cell: Cell): { readonly input: number; readonly hidden: number } {
  const maskOf = (slots: readonly number[]) =>
    slotCount(cell) === 1 ? ALL_SLOTS : slots.reduce((mask, slot) => mask | (1 << slot), 0);
  const { input, hidden } = gateSlots(cell);
  return { input: maskOf(input), hidden: maskOf(hidden) };
}

/** Floats of a unit: 1 for a single gate in a single slot, else 4, as the kernels load them as a vec4. */
export function slotCount(cell: Cell): 1 | 4 {
  const { input, hidden } = gateSlots(cell);
  return [...input, ...hidden].every((slot) => slot === 0) ? 1 : 4;
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
