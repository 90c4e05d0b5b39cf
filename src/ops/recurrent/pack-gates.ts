import { type Shape, sizeOf } from "../../shape.ts";
import type { Dispatch, Op, Operand, PlanContext } from "../op.ts";
import { copyDims, fill } from "../tensor/copy.ts";

/** Where a recurrent weight's gates go. */
export interface PackAttributes {
  /** The slot of each of the weight's gates among the `width` floats of a unit. */
  readonly slots: readonly number[];
  readonly width: 1 | 4;
  readonly hidden: number;
}

/** Copies between a weight's gates and their slots. */
function copyGates(
  shape: Shape,
  { slots, width, hidden }: PackAttributes,
  plan: PlanContext,
  copy: { readonly plain: Operand; readonly packed: Operand; readonly packs: boolean },
): Dispatch[] {
  const depth = sizeOf(shape) / (slots.length * hidden);
  const sizes = [hidden, depth];
  return slots.flatMap((slot, gate) => {
    const plain = { operand: copy.plain, offset: gate * hidden * depth, strides: [depth, 1] };
    const packed = { operand: copy.packed, offset: slot, strides: [width, hidden * width] };
    return copy.packs ? copyDims(sizes, plain, packed, plan) : copyDims(sizes, packed, plain, plan);
  });
}

/**
 * A recurrent weight [gates·H, K] or bias [gates·H], its gates in any order, in the layout of the kernels, [K][H][width] (see
 * nn/gate-layout). So any tensor can be a weight of a recurrent layer.
 */
export const packGates: Op<PackAttributes> = {
  name: "packGates",
  infer: ([weight]) => ({ outputs: [{ shape: weight!.shape }] }),
  forward({ inputs: [weight], outputs: [output] }, attributes, plan) {
    const { slots, width } = attributes;
    const copies = copyGates(weight!.shape, attributes, plan, {
      plain: weight!,
      packed: output!,
      packs: true,
    });
    return slots.length < width ? [fill(output!, 0, plan), ...copies] : copies;
  },
  backward({ inputs: [weight], gradOutputs: [gradient], gradInputs: [gradWeight] }, attributes, plan) {
    return copyGates(weight!.shape, attributes, plan, {
      plain: gradWeight!,
      packed: gradient!,
      packs: false,
    });
  },
};
