import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { bucket, predictMicros, TRIAL_MICROS } from "../choice.ts";
import { tileGrid } from "../grid.ts";
import { hasLanes4 } from "../lanes4.ts";
import { type Dispatch, dispatch, flag, type Offering, type PlanContext, type PlanSettings } from "../op.ts";
import { REGISTER, SHARED, type TiledVersion, tiled } from "./gemm-tiled.ts";
import { ALL_SLOTS, bindings, type Product, params, type Slices, type Way } from "./product.ts";

const lanes4Texts = /* @__PURE__ */ new OnDemand(() => import("./gemm-lanes4.wgsl.ts"));
const trials = /* @__PURE__ */ new OnDemand(() => import("./trials.ts"));
export const lanes4 = /* @__PURE__ */ new OnDemand(() => import("./gemm-lanes4.ts"));

export const gemmLanes4 = /* @__PURE__ */ new Kernel({
  name: "gemm_lanes4",
  texts: lanes4Texts,
  uses: ["lanes4_product", "lanes4_sum", "lanes4_store"],
  workgroup: [4, 1, 1],
  params: { ...params, tileRows: "u32" },
  bindings,
});

const rowsTexts = /* @__PURE__ */ new OnDemand(() => import("./gemm-rows.wgsl.ts"));

export const gemmRows = /* @__PURE__ */ new Kernel({
  name: "gemm_rows",
  texts: rowsTexts,
  uses: ["gemm_store"],
  workgroup: [128, 1, 1],
  params,
  bindings,
});

/** For few rows, which leave most of a GPU idle otherwise. */
const ROWS: TiledVersion = { kernel: gemmRows, tile: [4, 16], loads: 5 / 4, spilled: 0, staged: 1 << 30 };
const MOST_ROWS = 16;

/** Whether gemm_rows is offered: software adapters have no idle units to fill. */
const offersRows = ({ facts, pins }: Pick<Offering, "facts" | "pins">) =>
  !facts.software || pins.gemm === "rows";

/** Its tiles are the narrowest: no grid holds as many columns by them as by the others. */
const fitsRows = ({ rows, columns }: Product, plan: PlanSettings) =>
  offersRows(plan) && rows <= MOST_ROWS && columns <= ROWS.tile[1] * plan.maxGrid;

/** What products need loaded besides, on some adapters and to be timed, before they are planned. */
export function productNeeds(plan: Pick<Offering, "facts" | "pins" | "calibrate">): OnDemand<unknown>[] {
  return [
    ...(hasLanes4(plan.facts) ? [lanes4Texts, lanes4] : []),
    ...(offersRows(plan) ? [rowsTexts] : []),
    ...(plan.calibrate ? [trials] : []),
  ];
}

const WHOLE: Slices = { count: 1, depth: 0, ones: false };

/** The versions that can do a product; the first takes the place of a pinned one that cannot. */
interface Ways {
  readonly register: Way;
  readonly shared: Way;
  readonly rows?: Way;
  readonly lanes4?: Way;
}

type VersionName = keyof Ways;

function waysOf(product: Product, slices: Slices, plan: PlanSettings): Ways {
  const { facts } = plan;
  const { workgroups } = facts;
  return {
    register: tiled(REGISTER, product, slices, facts),
    shared: tiled(SHARED, product, slices, facts),
    ...(fitsRows(product, plan) && { rows: tiled(ROWS, product, slices, facts) }),
    ...(hasLanes4(facts) && { lanes4: byLanes4(product, slices, workgroups) }),
  };
}

/** A product by gemm_lanes4. */
function byLanes4(
  { rows, columns, depth, accumulate = false }: Product,
  slices: Slices,
  workgroups: number,
): Way {
  const { count } = slices;
  const shape = { rows, columns, depth: slices.depth || depth, slices: count, accumulate };
  const { constants, tile, work } = lanes4.module.lanes4Tiling(shape, workgroups);
  return { kernel: gemmLanes4.with(constants), tile, work };
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
    const share = TRIAL_MICROS / Math.min(...Object.values(micros));
    const parts = trials.module.trialOf(product, slices, share, plan);
    return [gemmBy(tried, ...parts, plan)];
  });
  return gemmBy(version, product, slices, plan);
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
      slots: product.slots ?? ALL_SLOTS,
      folded: flag(slices.count === 1),
      tileRows: tile[0],
    },
    bindings: { a: a.operand, b: b.operand, bias: bias ?? null, c: c.operand },
    grid: tileGrid(Math.ceil(columns / tile[1]), Math.ceil(rows / tile[0]), slices.count, plan),
    flops: 2 * rows * columns * depth,
    bytes: 4 * (rows * depth + depth * columns + rows * columns * slices.count),
  });
}
