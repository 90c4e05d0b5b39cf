import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanContext } from "../op.ts";
import { ALL_SLOTS } from "./product.ts";
import { sumSlices } from "./weight-gradient.ts";

/** The products that convolutions and their gradients are made of. */

const texts = /* @__PURE__ */ new OnDemand(() => import("./conv1d.wgsl.ts"));

export const conv1dProduct = /* @__PURE__ */ new Kernel({
  name: "conv1d_product",
  texts,
  workgroup: [8, 8, 1],
  params: {
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
  },
  bindings: { w: "read", x: "read", bias: "read", y: "read_write" },
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

/** Rows and columns of a workgroup's tile. */
const TILE = [32, 64] as const;

const tilesOf = (rows: number, columns: number) => Math.ceil(rows / TILE[0]) * Math.ceil(columns / TILE[1]);

/** From the long side to the short one: a convolution. */
export function toShort(conv: Convolution, operands: Operands, plan: PlanContext): Dispatch {
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
export function toLong(conv: Convolution, operands: Operands, plan: PlanContext): Dispatch {
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
  { groups, batch, taps, long, short }: Convolution,
  [channelsFrom, inLength]: readonly [number, number],
  [channelsTo, outLength]: readonly [number, number],
  { weight, from, to, bias }: Operands,
  plan: PlanContext,
  { leavesOut, ...way }: Way,
): Dispatch {
  const rows = channelsTo / groups;
  const places = batch * outLength;
  return dispatch({
    kernel: conv1dProduct.with({ LEAVES_OUT: flag(leavesOut) }),
    params: {
      batch,
      groups,
      rows,
      channels: channelsFrom / groups,
      inLength,
      outLength,
      taps,
      ...way,
      groupStride: (short[0] / groups) * (long[0] / groups) * taps,
      hasBias: flag(bias),
    },
    bindings: { w: weight, x: from, bias, y: to },
    grid: linearGrid(64 * groups * tilesOf(rows, places), plan),
    flops: 2 * batch * short[1] * short[0] * (long[0] / groups) * taps,
    bytes: 4 * (weight.elements + from.elements + to.elements),
  });
}

/** Terms of a slice of the depth: short float32 sums, and enough workgroups. */
const SLICE_DEPTH = 512;
const MAX_SLICES = 64;

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
  const rows = weightRows + flag(gradBias);
  const depth = batch * short[1];
  const most = Math.max(1, Math.min(MAX_SLICES, Math.floor(plan.maxStorage / (4 * rows * short[0]))));
  const sliceDepth = Math.max(Math.ceil(depth / most), Math.min(depth, SLICE_DEPTH));
  const slices = Math.ceil(depth / sliceDepth);
  const partial = plan.temporary([slices, rows, short[0]]);
  const out = gradWeight ?? plan.temporary([short[0], channels, taps]);
  return [
    dispatch({
      kernel: conv1dWeight,
      params: {
        batch,
        groups,
        channels,
        columns,
        inLength: long[1],
        outLength: short[1],
        taps,
        stride,
        dilation,
        padding,
        slices,
        sliceDepth,
        ones: flag(gradBias),
      },
      bindings: { x: onLong, gradY: onShort, partial },
      grid: linearGrid(64 * groups * slices * tilesOf(rows, columns), plan),
      flops: 2 * depth * rows * short[0],
      bytes: 4 * (onLong.elements + onShort.elements + partial.elements),
    }),
    dispatch({
      kernel: sumSlices,
      params: {
        slices,
        outRows: weightRows,
        columns: short[0],
        biases: flag(gradBias),
        outRowStride: 1,
        outColumnStride: weightRows,
        outSlots: ALL_SLOTS,
        bias1Slots: ALL_SLOTS,
        bias2Slots: ALL_SLOTS,
      },
      bindings: { partial, out, bias1: gradBias, bias2: null },
      grid: linearGrid(rows * short[0], plan),
      flops: slices * rows * short[0],
      bytes: 4 * (slices + 1) * rows * short[0],
    }),
  ];
}
