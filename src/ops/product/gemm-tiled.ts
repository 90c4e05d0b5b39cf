import type { AdapterFacts } from "../../gpu/adapter-facts.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { roundUp } from "../../shape.ts";
import { baseTexts } from "../base-texts.ts";
import { hasLanes4 } from "../lanes4.ts";
import { bindings, type Product, params, type Slices, type Way } from "./product.ts";

export const gemmRegister = /* @__PURE__ */ new Kernel({
  name: "gemm_register",
  texts: baseTexts,
  uses: ["gemm_store"],
  workgroup: [8, 8, 1],
  params,
  bindings,
});

export const gemmShared = /* @__PURE__ */ new Kernel({
  name: "gemm_shared",
  texts: baseTexts,
  uses: ["gemm_store"],
  workgroup: [8, 8, 1],
  params,
  bindings,
});

/** A version whose workgroups have tiles of one size. */
export interface TiledVersion {
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

/** 4 × 8 of C in registers. */
export const REGISTER: TiledVersion = {
  kernel: gemmRegister,
  tile: [32, 64],
  quad: [4, 32],
  loads: 12 / 32,
  spilled: 0.3,
};
/** Tiles staged in workgroup memory. */
export const SHARED: TiledVersion = {
  kernel: gemmShared,
  tile: [64, 64],
  loads: 2 / 64 + 16 / 64 / 2,
  spilled: 0.6,
  staged: 16,
};

/** What storing an element of C takes, in loads, and starting a workgroup that has barriers, in barriers; about. */
const STORE_LOADS = 14;
const BARRIER_START = 40;

/** A product by a version with tiles. */
export function tiled(
  version: TiledVersion,
  { rows, columns, depth }: Product,
  { count }: Slices,
  facts: AdapterFacts,
): Way {
  const { kernel, tile, quad = tile, spilled, staged } = version;
  const [high, wide] = hasLanes4(facts) ? quad : tile;
  const loads = version.loads + (facts.software ? spilled : 0);
  const products = roundUp(rows, high) * roundUp(columns, wide) * depth;
  const work = {
    groups: Math.ceil(rows / tile[0]) * Math.ceil(columns / tile[1]) * count,
    flops: 2 * products,
    loads: loads * products + STORE_LOADS * rows * columns * count,
    barriers: staged ? BARRIER_START + 2 * Math.ceil(depth / count / staged) : 0,
  };
  return { kernel, tile, work };
}
