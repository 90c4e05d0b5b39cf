import { listed, show } from "../../checks.ts";
import { GraphError, WebGpuLstmError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { SafetensorsDtype } from "../../io/dtypes.ts";
import type { Shape } from "../../shape.ts";
import { arrayFor, type HostTensor } from "./host.ts";
import type { OnnxGraph, OnnxNode } from "./read.ts";
import { describe, isHost, literal, shapeOf, type Value } from "./value.ts";

/** Computes an operator's outputs; it may leave out those at the end that nobody reads. */
export type Operator = (call: Call) => readonly (Value | null)[];

/** Runs a graph within a node: `If`, `Loop`. */
export type RunGraph = (graph: OnnxGraph, inputs: readonly Value[]) => Value[];

/** One application of an operator: its inputs and attributes, checked as they are asked for. */
export class Call {
  readonly node: OnnxNode;
  readonly opset: number;
  readonly inputs: readonly (Value | null)[];
  readonly run: RunGraph;

  constructor(node: OnnxNode, opset: number, inputs: readonly (Value | null)[], run: RunGraph) {
    this.node = node;
    this.opset = opset;
    this.inputs = inputs;
    this.run = run;
  }

  /** The error for something that this operator does not do here. */
  refuse(what: string, cause?: unknown): GraphError {
    return new GraphError(`OnnxModel.forward: ${this.node.label}: ${what}`, { cause });
  }

  /** An input that must be there. */
  value(index: number): Value {
    const value = this.inputs[index];
    if (!value) throw this.refuse(`its input ${index} is missing; the file is damaged`);
    return value;
  }

  optional(index: number): Value | null {
    return this.inputs[index] ?? null;
  }

  /** An input's shape. */
  shape(index: number): Shape {
    return shapeOf(this.value(index));
  }

  /** An input as a tensor of the trace. */
  tensor(index: number): Tensor {
    return this.toTensor(this.value(index));
  }

  /** A value as a tensor of the trace. */
  toTensor(value: Value): Tensor {
    if (!isHost(value)) return value.tensor;
    if (value.data.length === 0) {
      throw this.refuse(
        `${describe(value)} has no elements, and tensors on the GPU have some; the model's inputs are too short`,
      );
    }
    return literal(value.data, value.shape);
  }

  /** An input that must be known while the graph is traced. */
  host(index: number, what: string): HostTensor {
    const value = this.value(index);
    if (isHost(value)) return value;
    throw this.refuse(
      `${what} must be known before the model runs, and depends on the data of an input or on a parameter; give that input in ` +
        "loadOnnx(bytes, { constants })",
    );
  }

  /** An optional input that must be known, as a list of numbers; `null` if it is not given. */
  optionalList(index: number, what: string): number[] | null {
    return this.optional(index) ? this.list(index, what) : null;
  }

  list(index: number, what: string): number[] {
    return Array.from(this.host(index, what).data);
  }

  /** Axes and the like: an input from opset `since` on, an attribute before; `null` if not given. */
  listSince(since: number, index: number, name: string): number[] | null {
    return this.opset >= since ? this.optionalList(index, name) : this.ints(name);
  }

  int(name: string, otherwise: number): number {
    return this.node.attributes.get(name)?.proto.i ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.node.attributes.get(name)?.proto.f ?? otherwise;
  }

  ints(name: string): number[] | null {
    const attribute = this.node.attributes.get(name);
    return attribute ? (attribute.proto.ints ?? []) : null;
  }

  floats(name: string): number[] | null {
    const attribute = this.node.attributes.get(name);
    return attribute ? (attribute.proto.floats ?? []) : null;
  }

  texts(name: string): string[] | null {
    const attribute = this.node.attributes.get(name);
    return attribute ? (attribute.proto.strings ?? []) : null;
  }

  text(name: string, otherwise: string): string {
    const bytes = this.node.attributes.get(name)?.proto.s;
    return bytes ? new TextDecoder().decode(bytes) : otherwise;
  }

  has(name: string): boolean {
    return this.node.attributes.has(name);
  }

  graph(name: string): OnnxGraph {
    const graph = this.node.attributes.get(name)?.graph;
    if (!graph) throw this.refuse(`it has no graph ${name}; the file is damaged`);
    return graph;
  }

  /** A tensor in an attribute; `null` if there is none. */
  constant(name: string): HostTensor | null {
    const tensor = this.node.attributes.get(name)?.tensor;
    if (!tensor) return null;
    const { dtype, shape } = tensor;
    return { dtype, shape, data: tensor.values((length) => arrayFor(dtype, length)) };
  }

  /** An axis counted from 0. */
  axis(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= Math.max(rank, 1)) {
      throw this.refuse(`its axis must be an integer from ${-rank} to ${rank - 1}, got ${show(axis)}`);
    }
    return axis < 0 ? axis + rank : axis;
  }

  axes(axes: readonly number[], rank: number): number[] {
    const resolved = axes.map((axis) => this.axis(axis, rank));
    if (new Set(resolved).size < resolved.length) throw this.refuse(`its axes ${show(axes)} name one twice`);
    return resolved;
  }

  /** Throws unless an attribute has one of the values that are computed here. */
  only(name: string, value: string | number, allowed: readonly (string | number)[]): void {
    if (allowed.includes(value)) return;
    throw this.refuse(`${name} ${show(value)} is not computed here, only ${listed(allowed.map(show))}`);
  }

  /** A value of the trace with a type. */
  device(dtype: SafetensorsDtype, tensor: Tensor): Value {
    return { dtype, tensor };
  }
}

/** Runs an operator; what goes wrong in it names the node. */
export function perform(operator: Operator, call: Call): readonly (Value | null)[] {
  try {
    return operator(call);
  } catch (error) {
    if (!(error instanceof WebGpuLstmError)) throw error;
    if (error.message.startsWith("OnnxModel.forward")) throw error;
    const inputs = call.inputs.map((value) => (value ? describe(value) : "none"));
    throw call.refuse(`${error.message} (its inputs: ${listed(inputs)})`, error);
  }
}
