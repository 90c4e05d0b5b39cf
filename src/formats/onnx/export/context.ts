import { show } from "../../../checks.ts";
import { GraphError } from "../../../errors.ts";
import { Parameter } from "../../../graph/parameter.ts";
import type { ForwardNode, Tensor } from "../../../graph/tensor.ts";
import { isRecurrentOp } from "../../../ops/recurrent/layer.ts";
import { inputsByName } from "../../../ops/recurrent/operands.ts";
import { type Shape, sameShape } from "../../../shape.ts";
import { sharedIn } from "./shared.ts";
import { isFixed, sizeIn, type Traces } from "./traces.ts";
import type { Writer } from "./writer.ts";

/** A model's parameter: its name and its values. */
export interface Saved {
  readonly name: string;
  readonly data: Float32Array;
}

/** One op in all traces, on its way into the file. */
export interface Exported {
  readonly node: ForwardNode;
  /** Its attributes in every trace. */
  readonly attributes: readonly unknown[];
  /** Names of its inputs in the file. */
  readonly inputs: readonly (string | null)[];
}

/** What exporting an op needs: names of values, and sizes in terms of the dynamic ones. */
export class Context {
  readonly writer: Writer;
  readonly traces: Traces;
  readonly parameters: ReadonlyMap<Parameter, Saved>;
  /** Names of tensors of the first trace. */
  readonly names = new Map<Tensor, string>();
  /** Names of recurrent layers' weights, and of pairs of biases, as their operators read them: by the first tensor, then by the second or `null`. */
  readonly gates = new Map<Tensor, Map<Tensor | null, string>>();
  /** Recurrent parameters that are written in PyTorch's order: see {@link sharedIn}. */
  readonly shared: ReadonlySet<Tensor>;
  readonly #literals: ReadonlyMap<unknown, Float32Array>;
  readonly #indices: ReadonlySet<Tensor>;
  readonly #dynamicSizes = new Map<string, string>();

  constructor(writer: Writer, traces: Traces, parameters: ReadonlyMap<Parameter, Saved>) {
    this.writer = writer;
    this.traces = traces;
    this.parameters = parameters;
    this.#literals = traces.traces[0]!.graph.literals;
    this.shared = sharedIn(traces.traces[0]!.nodes);
    this.#indices = indicesIn(traces.traces[0]!.nodes, new Set(traces.traces[0]!.outputs.values()));
  }

  refuse(what: string): GraphError {
    return new GraphError(`saveOnnx: ${what}`);
  }

  /** Whether a tensor holds nothing but indices or lengths, int64 in the file. */
  isIndex(tensor: Tensor): boolean {
    return this.#indices.has(tensor);
  }

  /** A value's name in the file; parameters and constants are added when they are first read. */
  nameOf(tensor: Tensor): string {
    const known = this.names.get(tensor);
    if (known !== undefined) return known;
    const name = this.#add(tensor);
    this.names.set(tensor, name);
    return name;
  }

  #add(tensor: Tensor): string {
    if (tensor instanceof Parameter) {
      const { name, data } = this.saved(tensor);
      return this.writer.initializer(name, data, tensor.shape);
    }
    return this.#constant(tensor);
  }

  /** A constant of the trace: the same in all traces, one number, or 0, 1, 2, … along one dimension. */
  #constant(tensor: Tensor): string {
    const at = [...this.#literals.keys()].indexOf(tensor);
    if (at < 0)
      throw this.refuse(
        `a tensor of shape ${show(tensor.shape)} belongs to another trace; make it in forward, or give it as an input`,
      );
    const all = this.traces.traces.map(({ graph }) => [...graph.literals][at]!);
    const [[, values], ...others] = all as [[Tensor, Float32Array], ...[Tensor, Float32Array][]];
    const isSame = others.every(([{ shape }, own]) => {
      return sameShape(shape, tensor.shape) && own.every((value, i) => Object.is(value, values[i]));
    });
    if (isSame) return this.writer.floats(values, tensor.shape);
    const shapes = all.map(([{ shape }]) => shape);
    if (all.every(([, own]) => own.every((value) => value === values[0]))) {
      const one = this.writer.floats(values.slice(0, 1), []);
      return this.writer.node("Expand", [one, this.expanded(shapes, one, [])]);
    }
    const isCount = all.every(([{ shape }, own]) => {
      return own.every((value, i) => value === i) && shape.filter((size) => size !== 1).length === 1;
    });
    if (!isCount) {
      throw this.refuse(
        `a constant of shape ${show(tensor.shape)} depends on the dynamic sizes; save the model with fixed sizes`,
      );
    }
    const count = this.writer.node("Squeeze", [
      this.size(all.map(([, { length }]) => length)),
      this.writer.ints([0]),
    ]);
    const steps = this.writer.node("Range", [this.writer.ints(0), count, this.writer.ints(1)]);
    const column = this.writer.ints(tensor.shape.map((size) => (size === 1 ? 1 : -1)));
    return this.writer.node("Reshape", [this.writer.node("Cast", [steps], { to: 1 }), column]);
  }

  /** Values of a constant of the trace. */
  literal(tensor: Tensor): Float32Array | null {
    return this.#literals.get(tensor) ?? null;
  }

  /** A parameter's name and its values in PyTorch's order. */
  saved(parameter: Parameter): Saved {
    const saved = this.parameters.get(parameter);
    if (saved) return saved;
    throw this.refuse(
      `a parameter of shape ${show(parameter.shape)} is used that the model does not have; make it a field of the model`,
    );
  }

  /** Indices or lengths as int64, or another type of integers. */
  integers(tensor: Tensor, code = 7): string {
    const name = this.nameOf(tensor);
    return this.isIndex(tensor) && code === 7 ? name : this.writer.node("Cast", [name], { to: code });
  }

  /** A tensor's shape in every trace. */
  shapes(of: (trace: Traces["traces"][number]) => Shape): Shape[] {
    return this.traces.traces.map(of);
  }

  /** A tensor's shapes in every trace: those of the tensor at the same place. */
  shapesOf(tensor: Tensor): Shape[] {
    const [first] = this.traces.traces;
    for (const [name, input] of first!.inputs) {
      if (input === tensor) return this.shapes((trace) => trace.inputs.get(name)!.shape);
    }
    if (!tensor.source) return this.shapes(() => tensor.shape);
    const { node, index } = tensor.source;
    const at = first!.nodes.indexOf(node);
    return this.shapes((trace) => trace.nodes[at]!.outputs[index]!.shape);
  }

  /** The name of int64 sizes for Reshape: one may be inferred, and one that `x` has at the same place is copied. */
  reshaped(shapes: readonly Shape[], x: string, from: readonly Shape[]): string {
    const parts = this.#parts(shapes).map((part, dim) =>
      isList(part) && isSize(from, dim, part) ? 0 : part,
    );
    const open = parts.filter(isList);
    if (open.length === 1) return this.writer.ints(parts.map((part) => (isList(part) ? -1 : part)));
    return this.#sizes(parts, x, from);
  }

  /** The name of int64 sizes for Expand: a 1 keeps the size that `x` has. */
  expanded(shapes: readonly Shape[], x: string, from: readonly Shape[]): string {
    const parts = this.#parts(shapes).map((part, dim) => {
      const own = dim - shapes[0]!.length + (from[0]?.length ?? 0);
      return isList(part) && isSize(from, own, part) ? 1 : part;
    });
    return this.#sizes(parts, x, from);
  }

  /** Each size: a number, or its values in the traces where they differ. */
  #parts(shapes: readonly Shape[]): (number | readonly number[])[] {
    return shapes[0]!.map((size, dim) => {
      const values = shapes.map((shape) => shape[dim]!);
      return isFixed(values) ? size : values;
    });
  }

  /** Sizes that depend on dynamic ones are read from `x` where it has them. */
  #sizes(parts: readonly (number | readonly number[])[], x: string, from: readonly Shape[]): string {
    if (!parts.some(isList)) return this.writer.ints(parts as number[]);
    const names = parts.map((part) => {
      if (!isList(part)) return this.writer.ints([part]);
      const dim = (from[0] ?? []).findIndex((_, at) => isSize(from, at, part));
      return dim < 0 ? this.size(part) : this.writer.node("Shape", [x], { start: dim, end: dim + 1 });
    });
    return this.writer.node("Concat", names, { axis: 0 });
  }

  /** The name of one size that depends on dynamic ones, an int64 of shape [1]. */
  size(values: readonly number[]): string {
    const size = sizeIn(this.traces, values);
    if (!size) return this.#sizeOfSome(values);
    const isFactor = size.factor !== 1 || size.of.length === 0;
    const factors = [
      ...(isFactor ? [this.writer.ints([size.factor])] : []),
      ...size.of.map((dynamic) => this.#dynamic(dynamic)),
    ];
    const name = factors.reduce((product, own) => this.writer.node("Mul", [product, own]));
    return "plus" in size && size.plus !== 0
      ? this.writer.node("Add", [name, this.writer.ints([size.plus])])
      : name;
  }

  /** A size read from a value that is in the file already and has it. */
  #sizeOfSome(values: readonly number[]): string {
    for (const [tensor, name] of [...this.names].reverse()) {
      const shapes = this.shapesOf(tensor);
      const dim = tensor.shape.findIndex((_, at) => isSize(shapes, at, values));
      if (dim >= 0) return this.writer.node("Shape", [name], { start: dim, end: dim + 1 });
    }
    throw this.refuse(
      `a size of ${values.join(", ")} depends on the dynamic sizes in no simple way; save the model with fixed sizes`,
    );
  }

  /** The name of a dynamic size, read from the first input that has it. */
  #dynamic(name: string): string {
    const known = this.#dynamicSizes.get(name);
    if (known !== undefined) return known;
    const { traces } = this.traces;
    const [first] = traces as [Traces["traces"][number]];
    for (const [input, tensor] of first.inputs) {
      const dim = tensor.shape.findIndex((_, at) => {
        const size = sizeIn(
          this.traces,
          traces.map((trace) => trace.inputs.get(input)!.shape[at]!),
        );
        return size?.of.length === 1 && size.of[0] === name;
      });
      if (dim < 0) continue;
      const shape = this.writer.node("Shape", [this.nameOf(tensor)], { start: dim, end: dim + 1 });
      this.#dynamicSizes.set(name, shape);
      return shape;
    }
    throw this.refuse(`no input has the dynamic size ${name}`);
  }
}

function isList(part: number | readonly number[]): part is readonly number[] {
  return typeof part !== "number";
}

/** Whether dimension `dim` of these shapes has these sizes. */
function isSize(shapes: readonly Shape[], dim: number, values: readonly number[]): boolean {
  return shapes.length > 0 && shapes.every((shape, i) => shape[dim] === values[i]);
}

/** Ops with an input of indices or lengths, and its position. */
const READ_BY_INDEX = new Map([
  ["embedding", 1],
  ["gather", 1],
  ["mask_steps", 1],
  ["oneHot", 0],
]);

/** Tensors that only embeddings and sequences' lengths read, directly or moved. */
function indicesIn(nodes: readonly ForwardNode[], outputs: ReadonlySet<Tensor>): Set<Tensor> {
  const readers = new Map<Tensor, ForwardNode[]>();
  for (const node of nodes) {
    for (const input of node.inputs) if (input) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  const found = new Set<Tensor>();
  // From the end: whatever reads a tensor is known before it.
  const visit = (tensor: Tensor) => {
    const all = readers.get(tensor) ?? [];
    const isIndex = all.every(({ op, inputs, outputs: [output] }) => {
      const place = READ_BY_INDEX.get(op.name);
      if (place !== undefined) return inputs.every((input, at) => (input === tensor) === (at === place));
      if (isRecurrentOp(op)) return inputsByName(inputs).lengths === tensor;
      return (op.moves !== undefined || op.name === "detach") && found.has(output!);
    });
    if (isIndex && all.length > 0 && !outputs.has(tensor)) found.add(tensor);
  };
  for (const node of nodes.toReversed()) for (const output of node.outputs) visit(output);
  for (const tensor of readers.keys()) if (tensor.checks) visit(tensor);
  // Numbers that something computes are float, whoever reads them.
  const given = [...readers.keys()].filter((tensor) => tensor.checks && found.has(tensor));
  const integers = new Set(given);
  for (const { inputs, outputs } of nodes) {
    const [output] = outputs;
    if (found.has(output!) && inputs[0] && integers.has(inputs[0])) integers.add(output!);
  }
  return integers;
}
