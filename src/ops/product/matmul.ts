import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type Op, type Operand, type PlanContext } from "../op.ts";
import { gemm } from "./gemm.ts";
import { sliceTexts } from "./texts.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./matmul.wgsl.ts"));

export const matmulBatched = /* @__PURE__ */ new Kernel({
  name: "matmul_batched",
  texts,
  workgroup: [64, 1, 1],
  params: {
    batch: "u32",
    rows: "u32",
    columns: "u32",
    depth: "u32",
    aRowStride: "u32",
    aDepthStride: "u32",
    bDepthStride: "u32",
    bColumnStride: "u32",
  },
  bindings: { a: "read", b: "read", c: "read_write" },
});

/**
 * `Tensor.matmul` records either op, as the sizes are: a batch of one pair is a product of two matrices. So each needs what the other does.
 */
const needs = (pass: "forward" | "backward"): OnDemand<unknown>[] =>
  pass === "backward" ? [texts, sliceTexts] : [texts];

/** The product of two matrices, a [M, K] and b [K, N]. */
export const matmul: Op<void> = {
  name: "matmul",
  needs,
  infer: ([a, b]) => ({ outputs: [{ shape: [a!.shape[0]!, b!.shape[1]!] }] }),
  forward({ inputs: [a, b], outputs: [c] }, _, plan) {
    const [rows, depth] = a!.shape as [number, number];
    const columns = b!.shape[1]!;
    return [
      gemm(
        {
          rows,
          columns,
          depth,
          a: { operand: a!, strides: [depth, 1] },
          b: { operand: b!, strides: [columns, 1] },
          c: { operand: c!, strides: [columns, 1] },
        },
        plan,
      ),
    ];
  },
};

/** One dispatch of matmul_batched: c [B, rows, columns] of a and b, each as it lies or transposed. */
export function products(
  [batch, rows, depth, columns]: readonly [number, number, number, number],
  a: { readonly operand: Operand; readonly transposed?: boolean },
  b: { readonly operand: Operand; readonly transposed?: boolean },
  c: Operand,
  plan: PlanContext,
): Dispatch {
  const elements = batch * rows * columns;
  return dispatch({
    kernel: matmulBatched,
    params: {
      batch,
      rows,
      columns,
      depth,
      aRowStride: a.transposed ? 1 : depth,
      aDepthStride: a.transposed ? rows : 1,
      bDepthStride: b.transposed ? 1 : columns,
      bColumnStride: b.transposed ? depth : 1,
    },
    bindings: { a: a.operand, b: b.operand, c },
    grid: linearGrid(elements, plan),
    flops: 2 * elements * depth,
    bytes: 4 * batch * (rows * depth + depth * columns + rows * columns),
  });
}

/** The products of a batch of matrix pairs, a [B, M, K] and b [B, K, N]. */
export const batchedMatmul: Op<void> = {
  name: "batched_matmul",
  needs,
  infer: ([a, b]) => ({ outputs: [{ shape: [a!.shape[0]!, a!.shape[1]!, b!.shape[2]!] }] }),
  forward({ inputs: [a, b], outputs: [c] }, _, plan) {
    const [batch, rows, depth] = a!.shape as [number, number, number];
    return [products([batch, rows, depth, b!.shape[2]!], { operand: a! }, { operand: b! }, c!, plan)];
  },
};
