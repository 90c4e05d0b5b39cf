/** How each op of the library is written in ONNX. */
import type { Tensor } from "../../../graph/tensor.ts";
import type { Shape } from "../../../shape.ts";
import type { Context, Exported } from "./context.ts";
import { isFixed } from "./traces.ts";

/** Adds an op's nodes, and gives the names of its outputs; `""` for one that nobody reads. */
export type Export = (context: Context, exported: Exported) => readonly string[];

/** An op's name, how it is written, and the attributes that its export reads in every trace: only those may depend on dynamic sizes. */
export type ExportEntry = readonly [name: string, write: Export, varying?: readonly string[]];

/** Largest int64: a slice that ends with its dimension. */
const END = Number.MAX_SAFE_INTEGER;

const FLOAT = 1;

const one = (context: Context, exported: Exported, opType: string): string[] => [
  context.writer.node(opType, exported.inputs as string[]),
];
const same =
  (opType: string): Export =>
  (context, exported) =>
    one(context, exported, opType);

/** Shapes of the output in every trace. */
function outputShapes(context: Context, { node }: Exported): Shape[] {
  return context.shapesOf(node.outputs[0]!);
}

/** A number attribute in every trace. */
function numbers<A>({ attributes }: Exported, read: (attributes: A) => number): number[] {
  return attributes.map((own) => read(own as A));
}

/** With a number: x times a factor, or plus a term. An integer may depend on the dynamic sizes, and so may 1 over one, as in a mean. */
const scaled =
  (opType: string, read: (attributes: never) => number): Export =>
  (context, exported) => {
    const { writer } = context;
    const values = numbers(exported, read as (attributes: unknown) => number);
    let number: string;
    const isWhole = values.every(Number.isInteger);
    const sizes = isWhole ? values : values.map((value) => Math.round(1 / value));
    if (isFixed(values)) number = writer.floats(Float32Array.of(values[0]!), []);
    else if (isWhole || sizes.every((size, i) => Math.fround(1 / size) === Math.fround(values[i]!))) {
      const size = writer.node("Squeeze", [context.size(sizes), writer.ints([0])]);
      number = writer.node("Cast", [size], { to: FLOAT });
      if (!isWhole) number = writer.node("Reciprocal", [number]);
    } else {
      throw context.refuse(
        `a number of ${values.join(", ")} depends on the dynamic sizes; save the model with fixed sizes`,
      );
    }
    return [writer.node(opType, [exported.inputs[0]!, number])];
  };

const activation: Export = (context, exported) => {
  const { kind } = exported.attributes[0] as { readonly kind: string };
  const opType = { relu: "Relu", tanh: "Tanh", sigmoid: "Sigmoid", exp: "Exp", log: "Log" }[kind];
  if (!opType) throw context.refuse(`ONNX has no operator for ${kind}`);
  return one(context, exported, opType);
};

const linear: Export = (context, exported) => {
  const { writer } = context;
  const [x, weight, bias] = exported.inputs as [string, string, string | null];
  if (exported.node.inputs[0]!.shape.length === 2) {
    return [writer.node("Gemm", [x, weight, bias ?? ""], { transB: 1 })];
  }
  const product = writer.node("MatMul", [x, writer.node("Transpose", [weight], { perm: [1, 0] })]);
  return [bias === null ? product : writer.node("Add", [product, bias])];
};

const softmax: Export = (context, exported) => {
  const { dim, log } = exported.attributes[0] as { readonly dim: number; readonly log: boolean };
  return [context.writer.node(log ? "LogSoftmax" : "Softmax", [exported.inputs[0]!], { axis: dim })];
};

const sum: Export = (context, exported) => {
  const { dims, keepdim } = exported.attributes[0] as { readonly dims: number[]; readonly keepdim: boolean };
  const { writer } = context;
  return [writer.node("ReduceSum", [exported.inputs[0]!, writer.ints(dims)], { keepdims: keepdim ? 1 : 0 })];
};

const reshape: Export = (context, exported) => {
  const [x] = exported.inputs as [string];
  const from = context.shapesOf(exported.node.inputs[0]!);
  return [context.writer.node("Reshape", [x, context.reshaped(outputShapes(context, exported), x, from)])];
};

const expand: Export = (context, exported) => {
  const [x] = exported.inputs as [string];
  const from = context.shapesOf(exported.node.inputs[0]!);
  return [context.writer.node("Expand", [x, context.expanded(outputShapes(context, exported), x, from)])];
};

const permute: Export = (context, exported) => {
  const { dims } = exported.attributes[0] as { readonly dims: number[] };
  return [context.writer.node("Transpose", [exported.inputs[0]!], { perm: dims })];
};

interface SliceAttributes {
  readonly dim: number;
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

const slice: Export = (context, exported) => {
  const { writer } = context;
  const { dim, step } = exported.attributes[0] as SliceAttributes;
  const sizes = context.shapesOf(exported.node.inputs[0]!).map((shape) => shape[dim]!);
  const starts = numbers<SliceAttributes>(exported, ({ start }) => start);
  const ends = numbers<SliceAttributes>(exported, (own) => own.start + (own.length - 1) * own.step + 1);
  /** A place from the beginning, or else from the end. */
  const place = (places: number[]) => {
    if (isFixed(places)) return writer.ints([places[0]!]);
    const back = places.map((at, i) => at - sizes[i]!);
    if (isFixed(back)) return writer.ints([back[0] === 0 ? END : back[0]!]);
    return context.size(places);
  };
  const reaches = ends.every((end, i) => end > sizes[i]! - step);
  const end = reaches && !isFixed(ends) ? writer.ints([END]) : place(ends);
  const inputs = [exported.inputs[0]!, place(starts), end, writer.ints([dim]), writer.ints([step])];
  return [writer.node("Slice", inputs)];
};

const cat: Export = (context, exported) => {
  const { dim } = exported.attributes[0] as { readonly dim: number };
  return [context.writer.node("Concat", exported.inputs as string[], { axis: dim })];
};

const embedding: Export = (context, exported) => {
  const indices = context.integers(exported.node.inputs[1]!);
  return [context.writer.node("Gather", [exported.inputs[0]!, indices], { axis: 0 })];
};

const layerNorm: Export = (context, exported) => {
  const { size, eps } = exported.attributes[0] as { readonly size: number; readonly eps: number };
  const [x, weight, bias] = exported.inputs as [string, string | null, string | null];
  const { writer } = context;
  const { shape } = exported.node.inputs[0]!;
  let axis = shape.length;
  for (let elements = 1; elements < size; ) elements *= shape[--axis]!;
  const scale = weight ?? writer.floats(new Float32Array(size).fill(1), shape.slice(axis));
  return [writer.node("LayerNormalization", [x, scale, bias ?? ""], { axis, epsilon: { f: eps } })];
};

/** Batch normalization by running statistics. */
const batchNorm: Export = (context, exported) => {
  const { eps } = exported.attributes[0] as { readonly eps: number };
  const [x, weight, bias, mean, variance] = exported.inputs as [
    string,
    string | null,
    string | null,
    string,
    string,
  ];
  const { writer } = context;
  const channels = exported.node.inputs[0]!.shape[1]!;
  const scale = weight ?? writer.floats(new Float32Array(channels).fill(1), [channels]);
  const shift = bias ?? writer.floats(new Float32Array(channels), [channels]);
  return [writer.node("BatchNormalization", [x, scale, shift, mean, variance], { epsilon: { f: eps } })];
};

/** Each item's groups of channels as the channels of another normalization. */
const groupNorm: Export = (context, { node, inputs, attributes }) => {
  const { groups, eps } = attributes[0] as { readonly groups: number; readonly eps: number };
  const [x, weight, bias] = inputs as [string, string | null, string | null];
  const { writer } = context;
  const ones = writer.floats(new Float32Array(groups).fill(1), [groups]);
  const zeros = writer.floats(new Float32Array(groups), [groups]);
  const parts = writer.node("Reshape", [x, writer.ints([0, groups, -1])]);
  const normal = writer.node("InstanceNormalization", [parts, ones, zeros], { epsilon: { f: eps } });
  let y = writer.node("Reshape", [normal, writer.node("Shape", [x])]);
  const others = node.inputs[0]!.shape.slice(2).map((_, i) => i + 1);
  const byChannel = (name: string) =>
    others.length > 0 ? writer.node("Unsqueeze", [name, writer.ints(others)]) : name;
  if (weight) y = writer.node("Mul", [y, byChannel(weight)]);
  if (bias) y = writer.node("Add", [y, byChannel(bias)]);
  return [y];
};

/** Sequences [T, N, …] with a value past the end of each. */
const maskSteps: Export = (context, exported) => {
  const { writer } = context;
  const { value } = exported.attributes[0] as { readonly value: number };
  const [sequence, lengths] = exported.node.inputs as [Tensor, Tensor];
  const T = context.writer.node("Shape", [exported.inputs[0]!], { start: 0, end: 1 });
  const count = writer.node("Squeeze", [T, writer.ints([0])]);
  const steps = writer.node("Range", [writer.ints(0), count, writer.ints(1)]);
  const column = (name: string, axes: number[]) => writer.node("Unsqueeze", [name, writer.ints(axes)]);
  const others = sequence.shape.slice(2).map((_, i) => i + 2);
  const inside = writer.node("Less", [
    column(steps, [1, ...others]),
    column(context.integers(lengths), [0, ...others]),
  ]);
  const past = writer.floats(Float32Array.of(value), []);
  return [writer.node("Where", [inside, exported.inputs[0]!, past])];
};

/** By the ops' names. */
export const ops: readonly ExportEntry[] = [
  ["add", same("Add")],
  ["sub", same("Sub")],
  ["mul", same("Mul")],
  ["div", same("Div")],
  ["scale", scaled("Mul", ({ factor }: { readonly factor: number }) => factor), ["factor", "slope"]],
  ["shift", scaled("Add", ({ term }: { readonly term: number }) => term), ["term"]],
  ["activation", activation],
  ["matmul", same("MatMul")],
  ["batched_matmul", same("MatMul")],
  ["linear", linear],
  ["softmax", softmax],
  ["sum", sum],
  ["reshape", reshape, ["shape"]],
  ["expand", expand, ["shape"]],
  ["permute", permute],
  ["slice", slice, ["start", "length"]],
  ["cat", cat],
  ["detach", same("Identity")],
  ["embedding", embedding],
  ["layer_norm", layerNorm],
  ["batch_norm_given", batchNorm],
  ["group_norm", groupNorm],
  ["mask_steps", maskSteps],
];
