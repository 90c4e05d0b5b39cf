/** How convolutions, pooling and padding are written in ONNX. */
import type { Interpolation } from "../../../ops/layer/interpolate.ts";
import type { Context, Exported } from "./context.ts";
import type { Export, ExportEntry } from "./ops.ts";
import { isFixed } from "./traces.ts";

interface Moving {
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  /** Places before. */
  readonly padding: number;
  readonly outLength: number;
}

/** Lengths of the first input in every trace. */
function lengths(context: Context, { node }: Exported): number[] {
  return context.shapesOf(node.inputs[0]!).map((shape) => shape.at(-1)!);
}

/** Places after the input that give the output's length in every trace: as many as before, if those do. */
function placesAfter(context: Context, exported: Exported, taps: number): number {
  const all = exported.attributes as readonly Moving[];
  const own = lengths(context, exported);
  const { stride, dilation = 1, padding } = all[0]!;
  const span = dilation * (taps - 1) + 1;
  const needed = all.map(({ outLength }, i) => (outLength - 1) * stride + span - own[i]! - padding);
  const fits = (after: number) =>
    all.every(
      ({ outLength }, i) => Math.floor((own[i]! + padding + after - span) / stride) + 1 === outLength,
    );
  const found = [padding, Math.max(0, ...needed)].find(fits);
  if (found === undefined)
    throw context.refuse("a window's padding depends on the dynamic sizes; save the model with fixed sizes");
  return found;
}

const conv: Export = (context, exported) => {
  const { node, inputs, attributes } = exported;
  const { stride, dilation, padding, groups } = attributes[0] as Moving & { readonly groups: number };
  const taps = node.inputs[1]!.shape[2]!;
  const after = placesAfter(context, exported, taps);
  return [
    context.writer.node("Conv", [inputs[0]!, inputs[1]!, inputs[2] ?? ""], {
      kernel_shape: [taps],
      strides: [stride],
      dilations: [dilation],
      pads: [padding, after],
      group: groups,
    }),
  ];
};

const convTranspose: Export = (context, exported) => {
  const { node, inputs, attributes } = exported;
  const all = attributes as readonly (Moving & { readonly groups: number })[];
  const { stride, dilation, padding, groups } = all[0]!;
  const taps = node.inputs[1]!.shape[2]!;
  const own = lengths(context, exported);
  const after = all.map(
    ({ outLength }, i) => (own[i]! - 1) * stride - padding + dilation * (taps - 1) + 1 - outLength,
  );
  if (!isFixed(after))
    throw context.refuse("a window's padding depends on the dynamic sizes; save the model with fixed sizes");
  return [
    context.writer.node("ConvTranspose", [inputs[0]!, inputs[1]!, inputs[2] ?? ""], {
      kernel_shape: [taps],
      strides: [stride],
      dilations: [dilation],
      pads: [padding, Math.max(0, after[0]!)],
      output_padding: [Math.max(0, -after[0]!)],
      group: groups,
    }),
  ];
};

const maxPool: Export = (context, exported) => {
  const { taps, stride, dilation, padding } = exported.attributes[0] as Moving;
  const after = placesAfter(context, exported, taps);
  return [
    context.writer.node("MaxPool", [exported.inputs[0]!], {
      kernel_shape: [taps],
      strides: [stride],
      dilations: [dilation],
      pads: [padding, after],
    }),
  ];
};

interface Averaging extends Moving {
  /** Places after. */
  readonly after: number;
  readonly countsPadding: boolean;
  readonly adaptive: boolean;
}

const averagePool: Export = (context, exported) => {
  const all = exported.attributes as readonly Averaging[];
  const { taps, stride, padding, countsPadding, adaptive } = all[0]!;
  if (adaptive) {
    if (all.every(({ outLength }) => outLength === 1))
      return [context.writer.node("GlobalAveragePool", [exported.inputs[0]!])];
    throw context.refuse("ONNX has no adaptive pooling but to one element");
  }
  if (!isFixed(all.map((own) => own.taps)) || !isFixed(all.map((own) => own.stride))) {
    throw context.refuse(
      "a window that depends on the dynamic sizes cannot be saved; save the model with fixed sizes",
    );
  }
  const own = lengths(context, exported);
  // A window that reaches beyond the padding does not count what is there, which ONNX has with ceil_mode alone.
  const isBeyond = all.some(
    ({ outLength, after }, i) => (outLength - 1) * stride + taps > own[i]! + padding + after,
  );
  const ceils = countsPadding && isBeyond;
  const { after } = all[0]!;
  const inCeilMode = (length: number) => {
    const count = Math.ceil((length + padding + after - taps) / stride) + 1;
    return (count - 1) * stride >= length + padding ? count - 1 : count;
  };
  if (ceils && !all.every(({ outLength }, i) => outLength === inCeilMode(own[i]!)))
    throw context.refuse("ONNX has no mean over windows that reach beyond the padding in this way");
  return [
    context.writer.node("AveragePool", [exported.inputs[0]!], {
      kernel_shape: [taps],
      strides: [stride],
      pads: [padding, ceils ? after : placesAfter(context, exported, taps)],
      count_include_pad: countsPadding ? 1 : 0,
      ...(ceils && { ceil_mode: 1 }),
    }),
  ];
};

interface Pad {
  readonly dim: number;
  readonly before: number;
  readonly after: number;
  readonly mode: "constant" | "reflect" | "replicate" | "circular";
  readonly value: number;
}

const pad: Export = ({ writer }, { inputs, attributes }) => {
  const { dim, before, after, mode, value } = attributes[0] as Pad;
  const named = { constant: "constant", reflect: "reflect", replicate: "edge", circular: "wrap" }[mode];
  const fill = mode === "constant" ? writer.floats(Float32Array.of(value), []) : "";
  return [
    writer.node("Pad", [inputs[0]!, writer.ints([before, after]), fill, writer.ints([dim])], { mode: named }),
  ];
};

const interpolate: Export = (context, { node, inputs, attributes }) => {
  const { writer } = context;
  const all = attributes as readonly Interpolation[];
  const { scale, mode, coordinates, rounding } = all[0]!;
  const x = node.inputs[0]!;
  const own = context.shapesOf(x).map((shape) => shape.at(-1)!);
  // PyTorch leaves as many elements as there were as they are, whatever the scale.
  if (all.every(({ outLength }, i) => outLength === own[i])) return [writer.node("Identity", [inputs[0]!])];
  // A scale means the same to all readers unless corners are aligned.
  const isScaled = scale !== undefined && coordinates !== "align_corners";
  const scales = isScaled ? writer.floats(Float32Array.of(scale), [1]) : "";
  const sizes = isScaled ? [] : [context.size(all.map(({ outLength }) => outLength))];
  return [
    writer.node("Resize", [inputs[0]!, "", scales, ...sizes], {
      axes: [x.shape.length - 1],
      mode,
      coordinate_transformation_mode: coordinates,
      nearest_mode: rounding,
    }),
  ];
};

export const windows: readonly ExportEntry[] = [
  ["conv1d", conv, ["outLength"]],
  ["conv_transpose1d", convTranspose, ["outLength"]],
  ["max_pool1d", maxPool, ["outLength"]],
  ["avg_pool1d", averagePool, ["outLength", "taps", "stride"]],
  ["pad", pad],
  ["interpolate", interpolate, ["outLength"]],
];
