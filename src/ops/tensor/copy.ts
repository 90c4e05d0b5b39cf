import { Kernel } from "../../gpu/kernel.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import { baseTexts } from "../base-texts.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, type Operand, type PlanContext } from "../op.ts";

export const copyKernel = /* @__PURE__ */ new Kernel({
  name: "copy_strided",
  texts: baseTexts,
  workgroup: [64, 1, 1],
  params: {
    size0: "u32",
    size1: "u32",
    size2: "u32",
    size3: "u32",
    srcOffset: "u32",
    srcStride0: "u32",
    srcStride1: "u32",
    srcStride2: "u32",
    srcStride3: "u32",
    dstOffset: "u32",
    dstStride0: "u32",
    dstStride1: "u32",
    dstStride2: "u32",
    dstStride3: "u32",
  },
  bindings: { src: "read", dst: "read_write" },
});

export const fillKernel = /* @__PURE__ */ new Kernel({
  name: "fill",
  texts: baseTexts,
  workgroup: [64, 1, 1],
  params: { offset: "u32", size: "u32", value: "f32" },
  bindings: { dst: "read_write" },
});

/** Layout of a block inside an operand, in elements: a stride for each dimension. */
export interface Block<Strides extends readonly number[] = readonly [number, number, number]> {
  readonly operand: Operand;
  readonly offset?: number;
  readonly strides: Strides;
}

type Four = [number, number, number, number];

/** Copies a block of up to four dimensions. */
function copyFour(
  sizes: Readonly<Four>,
  src: Block<Readonly<Four>>,
  dst: Block<Readonly<Four>>,
  plan: PlanContext,
): Dispatch {
  const elements = sizeOf(sizes);
  return dispatch({
    kernel: copyKernel,
    params: {
      size0: sizes[0],
      size1: sizes[1],
      size2: sizes[2],
      size3: sizes[3],
      srcOffset: src.offset ?? 0,
      srcStride0: src.strides[0],
      srcStride1: src.strides[1],
      srcStride2: src.strides[2],
      srcStride3: src.strides[3],
      dstOffset: dst.offset ?? 0,
      dstStride0: dst.strides[0],
      dstStride1: dst.strides[1],
      dstStride2: dst.strides[2],
      dstStride3: dst.strides[3],
    },
    bindings: { src: src.operand, dst: dst.operand },
    grid: linearGrid((elements / sizes[3]) * Math.ceil(sizes[3] / 4), plan),
    flops: 0,
    bytes: 8 * elements,
  });
}

/** Copies a block of `sizes` from one layout to another. */
export function copyBlock(
  sizes: readonly [number, number, number],
  src: Block,
  dst: Block,
  plan: PlanContext,
): Dispatch {
  const four = (three: readonly [number, number, number]): Four => [0, ...three];
  return copyFour(
    [1, ...sizes],
    { ...src, strides: four(src.strides) },
    { ...dst, strides: four(dst.strides) },
    plan,
  );
}

/** Copies a block of any rank: merges dimensions with matching layouts, and loops over those beyond four. */
export function copyDims(
  sizes: Shape,
  src: Block<readonly number[]>,
  dst: Block<readonly number[]>,
  plan: PlanContext,
): Dispatch[] {
  const dims: { size: number; src: number; dst: number }[] = [];
  for (const [i, size] of sizes.entries()) {
    const dim = { size, src: src.strides[i]!, dst: dst.strides[i]! };
    const outer = dims[dims.length - 1];
    if (size === 1) continue;
    if (outer && outer.src === dim.src * size && outer.dst === dim.dst * size) {
      dims[dims.length - 1] = { ...dim, size: outer.size * size };
    } else {
      dims.push(dim);
    }
  }
  const looped = dims.slice(0, Math.max(0, dims.length - 4));
  const inner = dims.slice(looped.length);
  while (inner.length < 4) inner.unshift({ size: 1, src: 0, dst: 0 });
  const four = (of: "size" | "src" | "dst") => inner.map((dim) => dim[of]) as Four;
  let starts = [{ src: src.offset ?? 0, dst: dst.offset ?? 0 }];
  for (const dim of looped) {
    starts = starts.flatMap((start) =>
      Array.from({ length: dim.size }, (_, i) => ({
        src: start.src + i * dim.src,
        dst: start.dst + i * dim.dst,
      })),
    );
  }
  return starts.map((start) =>
    copyFour(
      four("size"),
      { operand: src.operand, offset: start.src, strides: four("src") },
      { operand: dst.operand, offset: start.dst, strides: four("dst") },
      plan,
    ),
  );
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

/** Sets every element of an operand, or `size` of them from `offset` on. */
export function fill(
  dst: Operand,
  value: number,
  plan: PlanContext,
  offset = 0,
  size = dst.elements,
): Dispatch {
  return dispatch({
    kernel: fillKernel,
    params: { offset, size, value },
    bindings: { dst },
    grid: linearGrid(size, plan),
    flops: 0,
    bytes: 4 * size,
  });
}
