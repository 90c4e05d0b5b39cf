/** What finite_check is, for files that load on demand: imports types alone. */
import type { Kernel, KernelDeclaration } from "../../gpu/kernel.ts";
import type { Grid } from "../grid.ts";
import type { Dispatch, Operand } from "../op.ts";

export const finiteCheckDeclaration = {
  name: "finite_check",
  uses: ["finite"],
  workgroup: [64, 1, 1],
  params: { offset: "u32", size: "u32", first: "u32", slot: "u32", hasScalar: "u32" },
  bindings: { value: "read", scalar: "read", mark: "read_write" },
} as const satisfies Omit<KernelDeclaration<string, string>, "texts">;

/** Values that one invocation checks. */
const SHARE = 8;

/** What one check looks at, and where it leaves its mark. */
export interface Checked {
  readonly value: Operand | null;
  /** Range of the value, in elements, and the number of its first one. */
  readonly offset: number;
  readonly size: number;
  readonly first: number;
  readonly scalar: Operand | null;
  /** Two words a slot: see shaders/update/finite_check.wgsl. */
  readonly mark: Operand;
  readonly slot: number;
}

/**
 * Marks a slot if a value or the scalar is NaN or infinite.
 * @param gridFor Gives the grid for so many invocations.
 */
export function finiteMark(
  kernel: Kernel,
  { value, offset, size, first, scalar, mark, slot }: Checked,
  gridFor: (invocations: number) => Grid,
): Dispatch {
  return {
    kernel,
    params: { offset, size, first, slot, hasScalar: scalar ? 1 : 0 },
    bindings: { value, scalar, mark },
    grid: gridFor(Math.max(Math.ceil(size / SHARE), 1)),
    flops: size,
    bytes: 4 * size,
  };
}
