import type { BufferAccess, Kernel, ParamType } from "../../gpu/kernel.ts";
import type { Work } from "../choice.ts";
import type { Operand } from "../op.ts";

/** Uniform struct of the gemm kernels; some have more. */
export const params = {
  rows: "u32",
  columns: "u32",
  depth: "u32",
  sliceDepth: "u32",
  aOffset: "u32",
  aRowStride: "u32",
  aDepthStride: "u32",
  bOffset: "u32",
  bDepthStride: "u32",
  bColumnStride: "u32",
  cOffset: "u32",
  cRowStride: "u32",
  cColumnStride: "u32",
  hasBias: "u32",
  accumulate: "u32",
  ones: "u32",
  slots: "u32",
  folded: "u32",
} as const satisfies Record<string, ParamType>;

/** Storage bindings of the gemm kernels. */
export const bindings = { a: "read", b: "read", bias: "read", c: "read_write" } as const satisfies Record<
  string,
  BufferAccess
>;

/** The slots of what has all of them, or is not made of units with four. */
export const ALL_SLOTS = 0b1111;

/** How a matrix lies in an operand, in elements: element (i, j) is at offset + i·strides[0] + j·strides[1]. */
export interface Matrix {
  readonly operand: Operand;
  readonly offset?: number;
  readonly strides: readonly [number, number];
}

/** C = A·B (+ bias), or C += A·B. A is rows × depth, B is depth × columns. */
export interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly c: Matrix;
  /** One value a column, added to every row. */
  readonly bias?: Operand | null;
  readonly accumulate?: boolean;
  /** Which of every four columns A·B reaches, one bit each, where not all: B is zero in the others, and A may be infinite. */
  readonly slots?: number;
}

/** How a product is cut along its depth; with `ones` A has one more row, of ones that are not in memory. */
export interface Slices {
  readonly count: number;
  readonly depth: number;
  readonly ones: boolean;
}

/** How a version does a product. */
export interface Way {
  readonly kernel: Kernel;
  /** A workgroup's part of C, in elements. */
  readonly tile: readonly [rows: number, columns: number];
  readonly work: Work;
}
