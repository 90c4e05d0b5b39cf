import { flag, type Operand } from "../op.ts";

/** A range of the flat parameter buffer, in elements, with its gradient and the optimizer's state at the same offsets. */
export interface UpdateRange {
  readonly offset: number;
  readonly size: number;
  readonly value: Operand;
  readonly gradient: Operand;
  /** An optimizer buffer by PyTorch's name (`exp_avg`, …); `null` if it is not in use. */
  state(name: string): Operand | null;
  /** Gradient norms that must be finite for the update to happen; `null` for none. */
  readonly guard: Operand | null;
  /** Factor on the gradient that clips its norm; `null` for none. */
  readonly factor: Operand | null;
}

/** Parameters of every update kernel for its range, at the start of its uniform struct. */
export const rangeParams = { offset: "u32", size: "u32", guards: "u32", clipped: "u32" } as const;

/** Bindings that every update kernel reads. */
export const rangeBindings = { gradient: "read", guard: "read", factor: "read" } as const;

/** Library files of the update kernels that divide by a root of squared gradients. */
export const updateLibrary = ["finite", "guard", "quotient", "decayed_gradient"];

export function paramsOf({ offset, size, guard, factor }: UpdateRange) {
  return { offset, size, guards: guard?.elements ?? 0, clipped: flag(factor) };
}
