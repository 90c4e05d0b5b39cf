/** The kernel that makes weights of half precision. Loads on demand, and imports types and what loads with it alone. */
import type { Kernel, KernelDeclaration } from "../../gpu/kernel.ts";
import type { Grid } from "../grid.ts";
import type { Dispatch, Operand } from "../op.ts";

export const halveDeclaration = {
  name: "halve",
  workgroup: [64, 1, 1],
  params: { count: "u32" },
  bindings: { values: "read", halves: "read_write" },
} as const satisfies Omit<KernelDeclaration<string, string>, "texts">;

/**
 * Values in half precision.
 * @param gridFor Gives the grid for so many invocations.
 */
export function halved(
  kernel: Kernel,
  values: Operand,
  halves: Operand,
  gridFor: (invocations: number) => Grid,
): Dispatch {
  const count = values.elements;
  return {
    kernel,
    params: { count },
    bindings: { values, halves },
    grid: gridFor(halves.elements),
    flops: 0,
    bytes: 6 * count,
  };
}
