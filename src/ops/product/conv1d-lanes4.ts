/** The products of convolutions as conv1d_lanes4 takes them. Loads on demand, and imports types alone. */
import type { Lanes4Shape } from "./gemm-lanes4.ts";

type Numbers<Names extends string> = Readonly<Record<Names, number>>;

type Sizes = Numbers<"batch" | "groups" | "channels" | "inLength" | "outLength" | "taps">;

/** The params of conv1d_product. */
export type ConvParams = Sizes &
  Numbers<
    | "rows"
    | "scale"
    | "step"
    | "shift"
    | "divisor"
    | "groupStride"
    | "rowStride"
    | "channelStride"
    | "hasBias"
  >;

/** The params of conv1d_weight. */
export type GradientParams = Sizes &
  Numbers<"columns" | "stride" | "dilation" | "padding" | "slices" | "sliceDepth" | "ones"> &
  Numbers<"rowStride" | "columnStride">;

/** A product by conv1d_lanes4: its params but tileRows, and its shape. */
export interface Part {
  readonly params: ReturnType<typeof convPart> | ReturnType<typeof gradientPart>;
  readonly shape: Lanes4Shape;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** A convolution. A transposed one with a stride has a part for each place between two elements of x, since each reads other taps. */
export function convParts(conv: ConvParams, leavesOut: boolean): Part[] {
  const phases = Array.from({ length: Math.min(conv.divisor, conv.outLength) }, (_, phase) => phase);
  return phases.map((phase) => withShape(convPart(conv, phase, leavesOut)));
}

function convPart(conv: ConvParams, phase: number, leavesOut: boolean) {
  const { batch, groups, rows, channels, inLength, outLength, taps, scale, step, shift, divisor } = conv;
  const origin = phase * scale + shift;
  const every = divisor / gcd(divisor, Math.abs(step));
  let first = 0;
  while (first < every && (origin + first * step) % divisor !== 0) first++;
  const reaching = first < every ? Math.max(0, Math.ceil((taps - first) / every)) : 0;
  const places = Math.ceil((outLength - phase) / divisor);
  return {
    groups,
    rows: batch * places,
    columns: rows,
    depth: channels * reaching,
    slices: 1,
    sliceDepth: channels * reaching,
    length: inLength,
    rowInner: places,
    aRowOuter: groups * channels * inLength,
    rowStep: scale,
    depthInner: Math.max(1, reaching),
    aDepthOuter: inLength,
    depthStep: (every * step) / divisor,
    shift: reaching > 0 ? (origin + first * step) / divisor : 0,
    aGroup: channels * inLength,
    bOffset: first,
    bGroup: conv.groupStride,
    bDepthOuter: conv.channelStride,
    bDepthInner: every,
    bColumnStride: conv.rowStride,
    cOffset: phase,
    cGroup: rows * outLength,
    cSlice: 0,
    cRowOuter: groups * rows * outLength,
    cRowInner: divisor,
    cColumnStride: outLength,
    hasBias: conv.hasBias,
    ones: 0,
    leavesOut: Number(leavesOut),
  };
}

/** The gradient of a weight, in slices. */
export function gradientParts(gradient: GradientParams): Part[] {
  return [withShape(gradientPart(gradient))];
}

function gradientPart(gradient: GradientParams) {
  const { batch, groups, channels, columns, inLength, outLength, taps, slices, sliceDepth, ones } = gradient;
  const rows = channels * taps + ones;
  const total = groups * columns;
  return {
    groups,
    rows,
    columns,
    depth: batch * outLength,
    slices,
    sliceDepth,
    length: inLength,
    rowInner: taps,
    aRowOuter: inLength,
    rowStep: gradient.dilation,
    depthInner: outLength,
    aDepthOuter: groups * channels * inLength,
    depthStep: gradient.stride,
    shift: -gradient.padding,
    aGroup: channels * inLength,
    bOffset: 0,
    bGroup: columns * outLength,
    bDepthOuter: total * outLength,
    bDepthInner: 1,
    bColumnStride: outLength,
    cOffset: 0,
    cGroup: columns * gradient.columnStride,
    cSlice: rows * total,
    cRowOuter: taps * gradient.rowStride,
    cRowInner: gradient.rowStride,
    cColumnStride: gradient.columnStride,
    hasBias: 0,
    ones,
    leavesOut: 0,
  };
}

function withShape(params: Part["params"]): Part {
  const { groups, rows, columns, sliceDepth, slices } = params;
  return { params, shape: { rows, columns, depth: sliceDepth, slices: slices * groups, accumulate: false } };
}
