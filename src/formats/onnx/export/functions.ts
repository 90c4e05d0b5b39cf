/** How functions of elements, comparisons, and ops along a dimension are written in ONNX. Truth values and places are float here. */

import type { Context } from "./context.ts";
import type { Export, ExportEntry } from "./ops.ts";
import type { AttributeValue } from "./writer.ts";

const FLOAT = 1;
const BOOL = 9;

interface Elementwise {
  readonly kind: string;
  readonly p?: number;
  readonly q?: number;
}

/** Functions that are one operator. */
const single: Readonly<Record<string, string>> = {
  abs: "Abs",
  sign: "Sign",
  sqrt: "Sqrt",
  norm: "Sqrt",
  reciprocal: "Reciprocal",
  erf: "Erf",
  floor: "Floor",
  ceil: "Ceil",
  round: "Round",
  sin: "Sin",
  cos: "Cos",
  gelu: "Gelu",
  hardswish: "HardSwish",
};

const elementwise: Export = (context, exported) => {
  const { kind, p = 0, q = 0 } = exported.attributes[0] as Elementwise;
  const [x] = exported.inputs as [string];
  const { writer } = context;
  const number = (value: number) => writer.floats(Float32Array.of(value), []);
  const of = (
    opType: string,
    inputs: readonly string[] = [x],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ) => writer.node(opType, inputs, attributes);
  const softplus = (): string => {
    const scaled = p === 1 ? x : of("Mul", [x, number(p)]);
    const curve = of("Softplus", [scaled]);
    const y = p === 1 ? curve : of("Div", [curve, number(p)]);
    // Beyond 20 both are the same in float32.
    return q >= 20 ? y : of("Where", [of("Greater", [scaled, number(q)]), x, y]);
  };
  const made: Readonly<Record<string, () => string>> = {
    rsqrt: () => of("Reciprocal", [of("Sqrt")]),
    square: () => of("Mul", [x, x]),
    trunc: () => of("Mul", [of("Sign"), of("Floor", [of("Abs")])]),
    log1p: () => of("Log", [of("Add", [x, number(1)])]),
    expm1: () => of("Sub", [of("Exp"), number(1)]),
    geluTanh: () => of("Gelu", [x], { approximate: "tanh" }),
    silu: () => of("Mul", [x, of("Sigmoid")]),
    leakyRelu: () => of("LeakyRelu", [x], { alpha: { f: p } }),
    elu: () => of("Elu", [x], { alpha: { f: p } }),
    softplus,
    hardsigmoid: () => of("HardSigmoid", [x], { alpha: { f: 1 / 6 }, beta: { f: 0.5 } }),
    clamp: () => of("Clip", [x, Number.isNaN(p) ? "" : number(p), Number.isNaN(q) ? "" : number(q)]),
    pow: () => of("Pow", [x, number(p)]),
    atLeast: () => of("Max", [x, number(p)]),
  };
  const opType = single[kind];
  if (opType) return [of(opType)];
  const make = made[kind];
  if (!make) throw context.refuse(`ONNX has no operator for ${kind} here`);
  return [make()];
};

interface Pair {
  readonly kind: string;
  readonly number?: number;
}

/** Both operands, the second perhaps a number. */
function operands(context: Context, [a, b]: readonly (string | null)[], number = 0): string[] {
  return [a!, b ?? context.writer.floats(Float32Array.of(number), [])];
}

const pair: Export = (context, { inputs, attributes }) => {
  const { kind, number } = attributes[0] as Pair;
  const opType = { maximum: "Max", minimum: "Min", pow: "Pow" }[kind];
  return [context.writer.node(opType!, operands(context, inputs, number))];
};

const comparison: Export = (context, { inputs, attributes }) => {
  const { kind, number } = attributes[0] as Pair;
  const { writer } = context;
  const both = operands(context, inputs, number);
  const opType = {
    eq: "Equal",
    ne: "Equal",
    lt: "Less",
    le: "LessOrEqual",
    gt: "Greater",
    ge: "GreaterOrEqual",
  }[kind]!;
  const holds = writer.node(opType, both);
  return [writer.node("Cast", [kind === "ne" ? writer.node("Not", [holds]) : holds], { to: FLOAT })];
};

const choose: Export = (context, { inputs, attributes }) => {
  const { numbers } = attributes[0] as { readonly numbers: readonly [number, number] };
  const { writer } = context;
  const side = (at: 1 | 2) => inputs[at] ?? writer.floats(Float32Array.of(numbers[(at - 1) as 0 | 1]), []);
  return [writer.node("Where", [writer.node("Cast", [inputs[0]!], { to: BOOL }), side(1), side(2)])];
};

interface Line {
  readonly dim: number;
  readonly smallest?: boolean;
}

/** A reduction along one dimension, which stays with size 1. */
const reduced =
  (opType: (smallest: boolean) => string): Export =>
  ({ writer }, { inputs, attributes }) => {
    const { dim, smallest = false } = attributes[0] as Line;
    return [writer.node(opType(smallest), [inputs[0]!, writer.ints([dim])], { keepdims: 1 })];
  };

const argExtreme: Export = ({ writer }, { inputs, attributes }) => {
  const { dim, smallest } = attributes[0] as Line;
  const place = writer.node(smallest ? "ArgMin" : "ArgMax", [inputs[0]!], { axis: dim, keepdims: 1 });
  return [writer.node("Cast", [place], { to: FLOAT })];
};

const topk: Export = (context, { inputs, attributes }) => {
  const { dim, smallest } = attributes[0] as Line;
  const { writer } = context;
  const counts = attributes.map((own) => (own as { readonly count: number }).count);
  const both = [inputs[0]!, context.size(counts)];
  const [, places] = writer.nodeOf("TopK", both, [true, true], { axis: dim, largest: smallest ? 0 : 1 });
  return [writer.node("Cast", [places!], { to: FLOAT })];
};

const cumsum: Export = ({ writer }, { inputs, attributes }) => {
  const { dim } = attributes[0] as Line;
  return [writer.node("CumSum", [inputs[0]!, writer.ints(dim)])];
};

const gather: Export = (context, { node, inputs, attributes }) => {
  const { dim, shared } = attributes[0] as { readonly dim: number; readonly shared: boolean };
  const places = context.integers(node.inputs[1]!);
  return [context.writer.node(shared ? "Gather" : "GatherElements", [inputs[0]!, places], { axis: dim })];
};

const oneHot: Export = (context, { node, attributes }) => {
  const classes = attributes.map((own) => (own as { readonly classes: number }).classes);
  const { writer } = context;
  const inputs = [
    context.integers(node.inputs[0]!),
    context.size(classes),
    writer.floats(Float32Array.of(0, 1), [2]),
  ];
  return [writer.node("OneHot", inputs)];
};

export const functions: readonly ExportEntry[] = [
  ["elementwise", elementwise],
  ["pair", pair],
  ["comparison", comparison],
  ["choose", choose],
  ["extreme", reduced((smallest) => (smallest ? "ReduceMin" : "ReduceMax"))],
  ["prod", reduced(() => "ReduceProd")],
  ["argExtreme", argExtreme],
  ["topk", topk, ["count"]],
  ["cumsum", cumsum],
  ["gather", gather],
  ["oneHot", oneHot, ["classes"]],
];
