/** The passes of unpack.ts. Loads on demand, and imports types alone. */
import type { Dispatch, Operand, PlanContext } from "../op.ts";
import type { copyDims, fill } from "../tensor/copy.ts";
import type { Passes } from "../tensor/deferred.ts";

/** Where the kernels have the gates of a weight: its element [gate·hidden + unit][k] is [k][unit][slots[gate]] of [K][hidden][width]. */
export interface GateOrder {
  readonly slots: readonly number[];
  readonly width: number;
  readonly hidden: number;
}

export function unpacking(copy: typeof copyDims, set: typeof fill) {
  /** One copy for each gate, in either direction. */
  const gates = (
    ordered: Operand,
    packed: Operand,
    { slots, width, hidden }: GateOrder,
    plan: PlanContext,
    packs: boolean,
  ): Dispatch[] => {
    const depth = ordered.elements / (slots.length * hidden);
    return slots.flatMap((slot, gate) => {
      const own = { operand: ordered, offset: gate * hidden * depth, strides: [depth, 1] };
      const place = { operand: packed, offset: slot, strides: [width, hidden * width] };
      return packs ? copy([hidden, depth], own, place, plan) : copy([hidden, depth], place, own, plan);
    });
  };
  const unpackGates: Passes<GateOrder> = {
    forward: ({ inputs: [packed], outputs: [ordered] }, order, plan) =>
      gates(ordered!, packed!, order, plan, false),
    backward: ({ gradOutputs: [ordered], gradInputs: [packed] }, order, plan) => [
      // Slots that no gate has stay 0.
      set(packed!, 0, plan),
      ...gates(ordered!, packed!, order, plan, true),
    ],
  };
  return { unpackGates };
}
