import { type BufferAccess, Kernel, type ParamType } from "../../gpu/kernel.ts";
import { Texts } from "../../gpu/texts.ts";
import { roundUp } from "../../shape.ts";
import { bucket, predictMicros, TRIAL_MICROS, type Work } from "../choice.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanContext, type PlanSettings } from "../op.ts";
import { lanes4Tiling } from "./gemm-lanes4.ts";
import { productTexts } from "./texts.ts";

const params = {
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
} as const satisfies Record<string, ParamType>;

const bindings = { a: "read", b: "read", bias: "read", c: "read_write" } as const satisfies Record<
  string,
  BufferAccess
>;

const lanes4Texts = /* @__PURE__ */ new Texts(() => import("./gemm-lanes4.wgsl.ts"));

export const gemmRegister = /* @__PURE__ */ new Kernel({
  name: "gemm_register",
  texts: productTexts,
  uses: ["gemm_store"],
  workgroup: [8, 8, 1],
  params,
  bindings,
});

export const gemmShared = /* @__PURE__ */ new Kernel({
  name: "gemm_shared",
  texts: productTexts,
  uses: ["gemm_store"],
  workgroup: [16, 16, 1],
  params,
  bindings,
});

export const gemmLanes4 = /* @__PURE__ */ new Kernel({
  name: "gemm_lanes4",
  texts: lanes4Texts,
  uses: ["lanes4_product", "lanes4_sum"],
  workgroup: [4, 1, 1],
  params: { ...params, tileRows: "u32" },
  bindings,
});

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
}

/** How a product is cut along its depth; with `ones` A has one more row, of ones that are not in memory. */
export interface Slices {
  readonly count: number;
  readonly depth: number;
  readonly ones: boolean;
}

const WHOLE: Slices = { count: 1, depth: 0, ones: false };

/** How a version does a product. */
interface Way {
  readonly kernel: Kernel;
  /** A workgroup's part of C, in elements. */
  readonly tile: readonly [rows: number, columns: number];
  readonly work: Work;
}

/** The versions that can; the first takes the place of a pinned one that cannot. */
interface Ways {
  readonly register: Way;
  readonly shared: Way;
  readonly lanes4?: Way;
}

type VersionName = keyof Ways;

/** A version whose workgroups have tiles of one size. */
interface TiledVersion {
  readonly kernel: Kernel;
  readonly tile: readonly [rows: number, columns: number];
  /** What four lanes own, where those that lie outside C end at once. */
  readonly quad?: readonly [rows: number, columns: number];
  /** Values loaded for a multiply-add; one from workgroup memory counts a half. */
  readonly loads: number;
  /** What a software adapter takes longer, in loads: it spills the sums, and its workgroup memory is as slow as any. */
  readonly spilled: number;
  /** Depth that is staged between two barriers, where there are any. */
  readonly staged?: number;
}

const REGISTER: TiledVersion = {
  kernel: gemmRegister,
  tile: [32, 64],
  quad: [4, 32],
  loads: 12 / 32,
  spilled: 0.3,
};
const SHARED: TiledVersion = {
  kernel: gemmShared,
  tile: [64, 64],
  loads: 2 / 64 + 8 / 16 / 2,
  spilled: 1.2,
  staged: 16,
};

/** Lanes that gemm_lanes4 and the recurrent layers' sequence versions are written for. */
export const LANES4 = 4;

/** What storing an element of C takes, in loads, and starting a workgroup that has barriers, in barriers; about. */
const STORE_LOADS = 14;
const BARRIER_START = 75;

function tiled(
  version: TiledVersion,
  { rows, columns, depth }: Product,
  { count }: Slices,
  lanes: number,
): Way {
  const { kernel, tile, quad = tile, spilled, staged } = version;
  const isSoftware = lanes === LANES4;
  const [high, wide] = isSoftware ? quad : tile;
  const loads = version.loads + (isSoftware ? spilled : 0);
  const products = roundUp(rows, high) * roundUp(columns, wide) * depth;
  const work = {
    groups: Math.ceil(rows / tile[0]) * Math.ceil(columns / tile[1]) * count,
    flops: 2 * products,
    loads: loads * products + STORE_LOADS * rows * columns * count,
    barriers: staged ? BARRIER_START + 2 * Math.ceil(depth / count / staged) : 0,
  };
  return { kernel, tile, work };
}

function byLanes4(
  { rows, columns, depth, accumulate = false }: Product,
  slices: Slices,
  workgroups: number,
): Way {
  const { count } = slices;
  const shape = { rows, columns, depth: slices.depth || depth, slices: count, accumulate };
  const { constants, tile, work } = lanes4Tiling(shape, workgroups);
  return { kernel: gemmLanes4.with(constants), tile, work };
}

function waysOf(product: Product, slices: Slices, { facts }: PlanSettings): Ways {
  const { subgroupSize, workgroups } = facts;
  return {
    register: tiled(REGISTER, product, slices, subgroupSize),
    shared: tiled(SHARED, product, slices, subgroupSize),
    ...(subgroupSize === LANES4 ? { lanes4: byLanes4(product, slices, workgroups) } : {}),
  };
}

/** Predicted time of each version that can do a product, in µs. */
function predictions(
  product: Product,
  slices: Slices,
  plan: PlanSettings,
): Partial<Record<VersionName, number>> {
  const ways: [string, Way][] = Object.entries(waysOf(product, slices, plan));
  return Object.fromEntries(ways.map(([name, { work }]) => [name, predictMicros(work, plan.facts)]));
}

/** Predicted time of a product by the version that is predicted to be the fastest, in µs. */
export function gemmMicros(product: Product, plan: PlanSettings): number {
  return Math.min(...Object.values(predictions(product, WHOLE, plan)));
}

/** The dispatch of one product. */
export function gemm(product: Product, plan: PlanContext, slices = WHOLE): Dispatch {
  const { rows, columns, depth, a, b } = product;
  const layout = `${a.strides[1] === 1 ? "n" : "t"}${b.strides[1] === 1 ? "n" : "t"}`;
  const what = `gemm ${layout}, ${bucket(rows)}×${columns}×${bucket(depth)}, slices: ${slices.count}`;
  const micros = predictions(product, slices, plan);
  const version = plan.choices.choose(what, plan.pins.gemm, micros, (tried: VersionName) => {
    const c = { ...product.c, operand: plan.temporary([product.c.operand.elements]) };
    const share = Math.min(1, TRIAL_MICROS / Math.min(...Object.values(micros)));
    return [gemmBy(tried, ...partOf({ ...product, c }, slices, share), plan)];
  });
  return gemmBy(version, product, slices, plan);
}

/** A share of a product's slices, or of its rows. */
function partOf(product: Product, slices: Slices, share: number): [Product, Slices] {
  const count = Math.ceil(slices.count * share);
  if (slices.count > 1)
    return [
      { ...product, depth: count * slices.depth },
      { ...slices, count },
    ];
  return [{ ...product, rows: Math.min(product.rows, roundUp(product.rows * share, 64)) }, slices];
}

function gemmBy(version: VersionName, product: Product, slices: Slices, plan: PlanSettings): Dispatch {
  const { rows, columns, depth, a, b, c, bias } = product;
  const { kernel, tile } = waysOf(product, slices, plan)[version]!;
  return dispatch({
    kernel,
    params: {
      rows,
      columns,
      depth,
      sliceDepth: slices.depth || depth,
      aOffset: a.offset ?? 0,
      aRowStride: a.strides[0],
      aDepthStride: a.strides[1],
      bOffset: b.offset ?? 0,
      bDepthStride: b.strides[0],
      bColumnStride: b.strides[1],
      cOffset: c.offset ?? 0,
      cRowStride: c.strides[0],
      cColumnStride: c.strides[1],
      hasBias: flag(bias),
      accumulate: flag(product.accumulate),
      ones: flag(slices.ones),
      tileRows: tile[0],
    },
    bindings: { a: a.operand, b: b.operand, bias: bias ?? null, c: c.operand },
    grid: [Math.ceil(columns / tile[1]), Math.ceil(rows / tile[0]), slices.count],
    flops: 2 * rows * columns * depth,
    bytes: 4 * (rows * depth + depth * columns + rows * columns * slices.count),
  });
}
