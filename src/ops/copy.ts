import copySource from "../../shaders/copy_strided.wgsl?raw";
import fillSource from "../../shaders/fill.wgsl?raw";
import { Kernel } from "../gpu/kernel.ts";
import { type Dispatch, dispatch, linearGrid, type Operand, type PlanContext } from "./op.ts";

export const copyStrided = new Kernel({
  name: "copy_strided",
  source: copySource,
  workgroup: [64, 1, 1],
  params: {
    size0: "u32",
    size1: "u32",
    size2: "u32",
    srcOffset: "u32",
    srcStride0: "u32",
    srcStride1: "u32",
    srcStride2: "u32",
    dstOffset: "u32",
    dstStride0: "u32",
    dstStride1: "u32",
    dstStride2: "u32",
  },
  bindings: { src: "read", dst: "read_write" },
});

export const fillKernel = new Kernel({
  name: "fill",
  source: fillSource,
  workgroup: [64, 1, 1],
  params: { size: "u32", value: "f32" },
  bindings: { dst: "read_write" },
});

/** A block of up to three dimensions inside an operand, in elements. */
export interface Block {
  readonly operand: Operand;
  readonly offset?: number;
  readonly strides: readonly [number, number, number];
}

/** Copies a block of `sizes` from one layout to another. */
export function copyBlock(
  sizes: readonly [number, number, number],
  src: Block,
  dst: Block,
  plan: PlanContext,
): Dispatch {
  const elements = sizes[0] * sizes[1] * sizes[2];
  return dispatch({
    kernel: copyStrided,
    params: {
      size0: sizes[0],
      size1: sizes[1],
      size2: sizes[2],
      srcOffset: src.offset ?? 0,
      srcStride0: src.strides[0],
      srcStride1: src.strides[1],
      srcStride2: src.strides[2],
      dstOffset: dst.offset ?? 0,
      dstStride0: dst.strides[0],
      dstStride1: dst.strides[1],
      dstStride2: dst.strides[2],
    },
    bindings: { src: src.operand, dst: dst.operand },
    grid: linearGrid(elements, plan),
    flops: 0,
    bytes: 8 * elements,
  });
}

/** Copies `elements` consecutive elements. */
export function copyRun(
  elements: number,
  src: { operand: Operand; offset?: number },
  dst: { operand: Operand; offset?: number },
  plan: PlanContext,
): Dispatch {
  const strides = [0, 0, 1] as const;
  return copyBlock([1, 1, elements], { ...src, strides }, { ...dst, strides }, plan);
}

/** Sets every element of an operand. */
export function fill(dst: Operand, value: number, plan: PlanContext): Dispatch {
  const size = dst.elements;
  return dispatch({
    kernel: fillKernel,
    params: { size, value },
    bindings: { dst },
    grid: linearGrid(size, plan),
    flops: 0,
    bytes: 4 * size,
  });
}
