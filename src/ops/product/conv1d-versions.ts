import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { predictMicros, TRIAL_MICROS } from "../choice.ts";
import { linearGrid } from "../grid.ts";
import { hasLanes4 } from "../lanes4.ts";
import { type Dispatch, dispatch, type Offering, type Operand, type PlanContext } from "../op.ts";
import type { ConvParams, Part } from "./conv1d-lanes4.ts";
import { lanes4 } from "./gemm.ts";
import { bindings } from "./product.ts";

/** The versions of the products that convolutions are made of: a plain kernel for each, and conv1d_lanes4 for all. */

const texts = /* @__PURE__ */ new OnDemand(() => import("./conv1d-lanes4.wgsl.ts"));
export const unfolding = /* @__PURE__ */ new OnDemand(() => import("./conv1d-lanes4.ts"));

export const conv1dLanes4 = /* @__PURE__ */ new Kernel({
  name: "conv1d_lanes4",
  texts,
  uses: ["lanes4_product", "lanes4_sum", "lanes4_store", "not_a_number"],
  workgroup: [4, 1, 1],
  params: {
    groups: "u32",
    rows: "u32",
    columns: "u32",
    depth: "u32",
    slices: "u32",
    sliceDepth: "u32",
    length: "u32",
    rowInner: "u32",
    aRowOuter: "u32",
    rowStep: "u32",
    depthInner: "u32",
    aDepthOuter: "u32",
    depthStep: "u32",
    shift: "u32",
    aGroup: "u32",
    bOffset: "u32",
    bGroup: "u32",
    bDepthOuter: "u32",
    bDepthInner: "u32",
    bColumnStride: "u32",
    cOffset: "u32",
    cGroup: "u32",
    cSlice: "u32",
    cRowOuter: "u32",
    cRowInner: "u32",
    cColumnStride: "u32",
    hasBias: "u32",
    ones: "u32",
    leavesOut: "u32",
    tileRows: "u32",
  },
  bindings,
});

/** What conv1d_lanes4 needs loaded, where it is offered. */
export function versionNeeds({ facts }: Pick<Offering, "facts">): OnDemand<unknown>[] {
  return hasLanes4(facts) ? [texts, unfolding, lanes4] : [];
}

/** A version of a product: its predicted time, in µs, and its dispatches. */
interface Way {
  readonly micros: number;
  readonly dispatches: Dispatch[];
}

interface Ways {
  readonly register: Way;
  readonly rows?: Way;
  readonly lanes4?: Way;
}

/** Rows and columns of a plain kernel's workgroup, and of four of its invocations. */
const TILE = [32, 64] as const;
const QUAD = [4, 32] as const;

/** Rows and places of conv1d_split's workgroup, and of each of its invocations, which have a part of the depth. */
const SPLIT_TILE = [32, 4] as const;
const SPLIT_OWN = [4, 4] as const;
const PARTS = 8;

/** Maximum number of places of conv1d_split: more fill the tiles of conv1d_product. */
const MOST_PLACES = TILE[1];

/**
 * Cost-model weights of conv1d_split, in equivalent loads: a step of an invocation along its part of the depth, a tap, storing a tile; and,
 * in barriers, starting a workgroup that has one. Software adapters differ most in the last: 2 of lavapipe's, 16 of SwiftShader's.
 */
const SPLIT_STEP_LOADS = 12;
const SPLIT_TAP_LOADS = 20;
const SPLIT_TILE_LOADS = 10_000;
const SPLIT_BARRIERS = 6;

const blocks = ([rows, columns]: readonly [number, number], [high, wide]: readonly [number, number]) =>
  Math.ceil(rows / high) * Math.ceil(columns / wide);

/** The tiles of a plain kernel. */
export function tilesOf(rows: number, columns: number): number {
  return blocks([rows, columns], TILE);
}

/** A product as its plain kernel has it. Loads are those of a software adapter, which spills sums and executes both sides of a branch. */
interface Plain {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Products of this size. */
  readonly count: number;
  /** Equivalent loads of four invocations in a step along the depth. */
  readonly stepLoads: number;
  /** Equivalent loads of storing a tile. */
  readonly tileLoads: number;
}

/** A product by its plain kernel. */
export function plainWay(
  { rows, columns, depth, count, stepLoads, tileLoads }: Plain,
  plain: Dispatch,
  { facts }: PlanContext,
): Way {
  const steps = blocks([rows, columns], QUAD) * depth * count;
  const groups = tilesOf(rows, columns) * count;
  const work = {
    groups,
    flops: 2 * QUAD[0] * QUAD[1] * steps,
    loads: steps * stepLoads + groups * tileLoads,
  };
  return { micros: predictMicros(work, facts), dispatches: [plain] };
}

/** A convolution by conv1d_split, if it has few places, and not more tiles than the device can number. */
export function splitWay(
  { batch, groups, rows, channels, outLength, taps }: ConvParams,
  makeSplit: (tiles: number) => Dispatch,
  { facts, maxGrid }: PlanContext,
): { readonly rows?: Way } {
  const places = batch * outLength;
  const size = [rows, places] as const;
  const tiles = groups * blocks(size, SPLIT_TILE);
  if (places > MOST_PLACES || tiles > maxGrid ** 2) return {};
  const channelParts = 2 ** Math.floor(Math.log2(Math.min(channels, PARTS)));
  const ownTaps = Math.ceil((taps * channelParts) / PARTS);
  const ownSteps = ownTaps * Math.ceil(channels / channelParts);
  const invocations = groups * PARTS * blocks(size, SPLIT_OWN);
  const work = {
    groups: tiles,
    flops: 2 * 16 * invocations * ownSteps,
    loads: invocations * (ownSteps * SPLIT_STEP_LOADS + ownTaps * SPLIT_TAP_LOADS) + tiles * SPLIT_TILE_LOADS,
    barriers: SPLIT_BARRIERS,
  };
  return { rows: { micros: predictMicros(work, facts), dispatches: [makeSplit(tiles)] } };
}

/** A product by conv1d_lanes4, if the adapter has it. */
export function lanes4Way(
  makeParts: () => Part[],
  { a, b, bias, c }: Readonly<Record<"a" | "b" | "c", Operand>> & { readonly bias: Operand | null },
  plan: PlanContext,
): { readonly lanes4?: Way } {
  const { facts } = plan;
  if (!hasLanes4(facts)) return {};
  let micros = 0;
  const parts = makeParts();
  const dispatches = parts.map(({ params, shape }) => {
    const { rows, columns, depth, slices } = shape;
    const { constants, tile, work } = lanes4.module.lanes4Tiling(shape, facts.workgroups);
    micros += predictMicros(work, facts);
    return dispatch({
      kernel: conv1dLanes4.with(constants),
      params: { ...params, tileRows: tile[0] },
      bindings: { a, b, bias, c },
      grid: linearGrid(64 * work.groups, plan),
      flops: 2 * rows * columns * depth * slices,
      bytes: (4 * (a.elements + b.elements + c.elements)) / parts.length,
    });
  });
  return { lanes4: { micros, dispatches } };
}

/**
 * The dispatches of the version that is predicted to be the fastest. A pin of matrix products counts here too.
 * @param ofTrial The versions for some items of the batch, with a result of their own.
 */
export function fastest(
  what: string,
  batch: number,
  ways: Ways,
  ofTrial: (items: number) => Ways,
  plan: PlanContext,
): Dispatch[] {
  const micros = Object.fromEntries(
    Object.entries(ways).map(([name, way]: [string, Way]) => [name, way.micros]),
  );
  const version = plan.choices.choose(what, plan.pins.gemm, micros, (tried: string) => {
    const share = Math.min(1, TRIAL_MICROS / Math.min(...Object.values(micros)));
    return ofTrial(Math.ceil(batch * share))[tried as keyof Ways]!.dispatches;
  });
  return ways[version as keyof Ways]!.dispatches;
}
