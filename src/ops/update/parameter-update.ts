import { flag, type Operand } from "../op.ts";

/** A range of the flat parameter buffer, in elements, with its gradient and the optimizer's state at the same offsets. */
export interface UpdateRange {
  readonly offset: number;
  readonly size: number;
  readonly value: Operand;
  readonly gradient: Operand;
  /** The optimizer's buffers by PyTorch's names (`exp_avg`, …); `null` for one that it does not keep now. */
  state(name: string): Operand | null;
  /** Gradient norms that have to be finite for the update to happen; `null` if there are none. */
  readonly guard: Operand | null;
  /** What the gradient is multiplied by on the way, to clip its norm; `null` if it is taken as it is. */
  readonly factor: Operand | null;
}

/** What every update kernel is told of its range, at the head of its uniform struct. */
export const rangeParams = { offset: "u32", size: "u32", guards: "u32", clipped: "u32" } as const;

/** What every update kernel reads. */
export const rangeBindings = { gradient: "read", guard: "read", factor: "read" } as const;

/** Functions that every update kernel uses. */
export const updateLibrary = ["finite", "guard", "quotient", "clipped_gradient"];

export function paramsOf({ offset, size, guard, factor }: UpdateRange) {
  return { offset, size, guards: guard?.elements ?? 0, clipped: flag(factor) };
}
