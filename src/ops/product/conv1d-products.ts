import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { bucket } from "../choice.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanContext } from "../op.ts";
import { fastest, lanes4Way, plainWay, splitWay, tilesOf, unfolding } from "./conv1d-versions.ts";
import { ALL_SLOTS } from "./product.ts";
import { slicesOf, sumSlices } from "./weight-gradient.ts";

/** The products that convolutions and their gradients are made of. */

const texts = /* @__PURE__ */ new OnDemand(() => import("./conv1d.wgsl.ts"));

const uses = ["conv1d_places"];

const params = {
  batch: "u32",
  groups: "u32",
  rows: "u32",
  channels: "u32",
  inLength: "u32",
  outLength: "u32",
  taps: "u32",
  scale: "u32",
  step: "u32",
  shift: "u32",
  divisor: "u32",
  groupStride: "u32",
  rowStride: "u32",
  channelStride: "u32",
  hasBias: "u32",
} as const;

const bindings = { w: "read", x: "read", bias: "read", y: "read_write" } as const;

export const conv1dProduct = /* @__PURE__ */ new Kernel({
  name: "conv1d_product",
  texts,
  uses,
  workgroup: [8, 8, 1],
  params,
  bindings,
});

export const conv1dSplit = /* @__PURE__ */ new Kernel({
  name: "conv1d_split",
  texts,
  uses,
  workgroup: [8, 8, 1],
  params,
  bindings,
});

export const conv1dWeight = /* @__PURE__ */ new Kernel({
  name: "conv1d_weight",
  texts,
  workgroup: [8, 8, 1],
  params: {
    batch: "u32",
    groups: "u32",
    channels: "u32",
    columns: "u32",
    inLength: "u32",
    outLength: "u32",
    taps: "u32",
    stride: "u32",
    dilation: "u32",
    padding: "u32",
    slices: "u32",
    sliceDepth: "u32",
    ones: "u32",
    rowStride: "u32",
    columnStride: "u32",
  },
  bindings: { x: "read", gradY: "read", partial: "read_write" },
});

/** How a convolution's window moves, and what it reads before x. */
export interface Window {
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before x. */
  readonly padding: number;
}

/** A convolution from one side, long, to the other, short: y[m][l] = Σ w[m][c][t]·x[c][l·stride + t·dilation - padding]. */
export interface Convolution extends Window {
  readonly groups: number;
  readonly batch: number;
  /** Channels and length of x. */
  readonly long: readonly [channels: number, length: number];
  /** Channels and length of y. */
  readonly short: readonly [channels: number, length: number];
  readonly taps: number;
}

/** Operands of a product; the weight is [short channels][long channels / groups][taps]. */
interface Operands {
  readonly weight: Operand;
  readonly from: Operand;
  readonly to: Operand;
  readonly bias: Operand | null;
}

/**
 * Cost-model weights of the plain kernels, in equivalent loads: a step along the depth of four invocations, the same where places are left
 * out, a tap, and storing a tile of each kernel.
 */
const STEP_LOADS = 86;
const LEAVING_LOADS = 150;
const TAP_LOADS = 138;
const TILE_LOADS = 11_000;
const WEIGHT_TILE_LOADS = 5000;

/** From the long side to the short one: a convolution. */
export function toShort(conv: Convolution, operands: Operands, plan: PlanContext): Dispatch[] {
  const { groups, taps, long, stride, dilation, padding } = conv;
  const perGroup = long[0] / groups;
  return product(conv, conv.long, conv.short, operands, plan, {
    scale: stride,
    step: dilation,
    shift: -padding,
    divisor: 1,
    rowStride: perGroup * taps,
    channelStride: taps,
    leavesOut: false,
  });
}

/** From the short side to the long one: a transposed convolution, and a convolution's gradient for its input. */
export function toLong(conv: Convolution, operands: Operands, plan: PlanContext): Dispatch[] {
  const { groups, taps, long, stride, dilation, padding } = conv;
  const perGroup = long[0] / groups;
  return product(conv, conv.short, conv.long, operands, plan, {
    scale: 1,
    step: -dilation,
    shift: padding,
    divisor: stride,
    rowStride: taps,
    channelStride: perGroup * taps,
    leavesOut: true,
  });
}

type Way = Readonly<
  Record<"scale" | "step" | "shift" | "divisor" | "rowStride" | "channelStride", number> & {
    /** Whether places outside are left out; otherwise they count as zeros. */
    leavesOut: boolean;
  }
>;

function product(
  conv: Convolution,
  [channelsFrom, inLength]: readonly [number, number],
  [channelsTo, outLength]: readonly [number, number],
  { weight, from, to, bias }: Operands,
  plan: PlanContext,
  { leavesOut, ...way }: Way,
): Dispatch[] {
  const { groups, taps, long, short } = conv;
  const [rows, channels] = [channelsTo / groups, channelsFrom / groups];
  const groupStride = (short[0] / groups) * (long[0] / groups) * taps;
  const stepLoads = (leavesOut ? LEAVING_LOADS : STEP_LOADS) + TAP_LOADS / channels;
  const waysOf = (batch: number, y: Operand) => {
    const sizes = { batch, groups, rows, channels, inLength, outLength, taps };
    const params = { ...sizes, ...way, groupStride, hasBias: flag(bias) };
    const places = batch * outLength;
    const dispatchBy = (kernel: typeof conv1dProduct) => (tiles: number) =>
      dispatch({
        kernel: kernel.with({ LEAVES_OUT: flag(leavesOut) }),
        params,
        bindings: { w: weight, x: from, bias, y },
        grid: linearGrid(64 * tiles, plan),
        flops: 2 * batch * short[1] * short[0] * (long[0] / groups) * taps,
        bytes: 4 * (weight.elements + from.elements + y.elements),
      });
    const parts = () => unfolding.module.convParts(params, leavesOut);
    return {
      register: plainWay(
        { rows, columns: places, depth: channels * taps, count: groups, stepLoads, tileLoads: TILE_LOADS },
        dispatchBy(conv1dProduct)(groups * tilesOf(rows, places)),
        plan,
      ),
      ...splitWay(params, dispatchBy(conv1dSplit), plan),
      ...lanes4Way(parts, { a: from, b: weight, bias, c: y }, plan),
    };
  };
  const kind = leavesOut ? `transposed, stride ${way.divisor}` : "forward";
  const what = `conv1d ${kind}, ${channels}→${rows}, ${taps} taps, ${groups} groups, ${bucket(conv.batch * outLength)} places`;
  const ofTrial = (batch: number) => waysOf(batch, plan.temporary([batch, channelsTo, outLength]));
  return fastest(what, conv.batch, waysOf(conv.batch, to), ofTrial, plan);
}

/**
 * The gradient of a convolution's weight, and of its bias if the short side has one.
 * @param gradWeight Absent if only the bias's is wanted.
 */
export function weightGradient(
  { groups, batch, taps, long, short, stride, dilation, padding }: Convolution,
  { onLong, onShort }: { readonly onLong: Operand; readonly onShort: Operand },
  gradWeight: Operand | null,
  gradBias: Operand | null,
  plan: PlanContext,
): Dispatch[] {
  const [channels, columns] = [long[0] / groups, short[0] / groups];
  const weightRows = channels * taps;
  const ones = flag(gradBias);
  const rows = weightRows + ones;
  const slicesOfBatch = (items: number) => slicesOf(items * short[1], rows * short[0], plan);
  const { count: slices } = slicesOfBatch(batch);
  // A single slice, without the row of a bias, is the gradient itself.
  const whole = slices === 1 && !gradBias && gradWeight;
  const strides = whole
    ? { rowStride: 1, columnStride: weightRows }
    : { rowStride: short[0], columnStride: 1 };
  const waysOf = (items: number, partial: Operand) => {
    const { count: slices, depth: sliceDepth } = slicesOfBatch(items);
    const [inLength, outLength] = [long[1], short[1]];
    const sizes = { batch: items, groups, channels, columns, inLength, outLength, taps };
    const params = { ...sizes, stride, dilation, padding, slices, sliceDepth, ones, ...strides };
    const depth = items * outLength;
    const plain = dispatch({
      kernel: conv1dWeight,
      params,
      bindings: { x: onLong, gradY: onShort, partial },
      grid: linearGrid(64 * groups * slices * tilesOf(rows, columns), plan),
      flops: 2 * depth * rows * short[0],
      bytes: 4 * (onLong.elements + onShort.elements + partial.elements),
    });
    const parts = () => unfolding.module.gradientParts(params);
    return {
      register: plainWay(
        {
          rows,
          columns,
          depth: sliceDepth,
          count: groups * slices,
          stepLoads: STEP_LOADS,
          tileLoads: WEIGHT_TILE_LOADS,
        },
        plain,
        plan,
      ),
      ...lanes4Way(parts, { a: onLong, b: onShort, bias: null, c: partial }, plan),
    };
  };
  const partialOf = (items: number) => plan.temporary([slicesOfBatch(items).count, rows, short[0]]);
  const partial = whole || partialOf(batch);
  const what = `conv1d weight, ${channels}→${columns}, ${taps} taps, ${groups} groups, ${bucket(batch * short[1])} places`;
  const ofTrial = (items: number) => waysOf(items, partialOf(items));
  const products = fastest(what, batch, waysOf(batch, partial), ofTrial, plan);
  if (whole) return products;
  return [
    ...products,
    dispatch({
      kernel: sumSlices,
      params: {
        slices,
        outRows: weightRows,
        columns: short[0],
        biases: ones,
        outRowStride: 1,
        outColumnStride: weightRows,
        outSlots: ALL_SLOTS,
        bias1Slots: ALL_SLOTS,
        bias2Slots: ALL_SLOTS,
      },
      bindings: {
        partial,
        out: gradWeight ?? plan.temporary([short[0], channels, taps]),
        bias1: gradBias,
        bias2: null,
      },
      grid: linearGrid(rows * short[0], plan),
      flops: slices * rows * short[0],
      bytes: 4 * (slices + 1) * rows * short[0],
    }),
  ];
}
