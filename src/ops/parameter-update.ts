import finite from "../../shaders/lib/finite.wgsl?raw";
import guard from "../../shaders/lib/guard.wgsl?raw";
import quotient from "../../shaders/lib/quotient.wgsl?raw";
import type { Operand } from "./op.ts";

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
}

/** What every update kernel is told of its range, at the head of its uniform struct. */
export const rangeParams = { offset: "u32", size: "u32", guards: "u32" } as const;

/** Functions that every update kernel uses. */
export const updateLibrary = [finite, guard, quotient];

export function paramsOf({ offset, size, guard }: UpdateRange) {
  return { offset, size, guards: guard?.elements ?? 0 };
}
