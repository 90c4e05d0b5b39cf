import type { SafetensorsDtype } from "../../../io/dtypes.ts";
import type { Shape } from "../../../shape.ts";
import { codeOf } from "../dtype.ts";
import type { AttributeProto, NodeProto, TensorProto } from "../schema.ts";

/** An attribute: a number is an integer, `{ f }` a float. */
export type AttributeValue = number | string | readonly number[] | readonly string[] | { readonly f: number };

/** Kinds of attributes in ONNX. */
const FLOAT = 1;
const INT = 2;
const STRING = 3;
const TENSOR = 4;
const INTS = 7;
const STRINGS = 8;

/** Collects the nodes and initializers of a graph. */
export class Writer {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #names = new Set<string>();
  readonly #constants = new Map<string, string>();

  /** A name that is not taken yet. */
  name(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** Adds a node with one output, and returns that one's name. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    return this.nodeOf(opType, inputs, [true], attributes)[0]!;
  }

  /** Adds a node, and returns its outputs' names, `""` for one that nobody reads. */
  nodeOf(
    opType: string,
    inputs: readonly string[],
    read: readonly boolean[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string[] {
    const name = this.name(`${opType}_${this.nodes.length}`);
    const output = read.map((isRead, i) => (isRead ? this.name(`${name}_output_${i}`) : ""));
    const input = [...inputs];
    while (input.at(-1) === "") input.pop();
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.nodes.push({ opType, name, input, output, attribute });
    return output;
  }

  /** A constant of int64, one-dimensional unless it is one number. */
  ints(values: readonly number[] | number): string {
    const list = typeof values === "number" ? [values] : values;
    const raw = new Uint8Array(BigInt64Array.from(list, BigInt).buffer);
    return this.#constant(
      "I64",
      typeof values === "number" ? [] : [list.length],
      raw,
      `${typeof values}:${list.join()}`,
    );
  }

  /** A float32 constant: it is no parameter when the file is opened. */
  floats(values: Float32Array, shape: Shape): string {
    return this.#constant(
      "F32",
      shape,
      bytesOf(values),
      values.length === 1 ? `f:${Object.is(values[0], -0) ? "-0" : values[0]}:${shape.join()}` : null,
    );
  }

  #constant(dtype: SafetensorsDtype, shape: Shape, rawData: Uint8Array, key: string | null): string {
    const known = key === null ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.name(`Constant_${this.nodes.length}`);
    const output = this.name(`${name}_output_0`);
    const t = { dims: [...shape], dataType: codeOf(dtype), rawData };
    this.nodes.push({
      opType: "Constant",
      name,
      output: [output],
      attribute: [{ name: "value", type: TENSOR, t }],
    });
    if (key !== null) this.#constants.set(key, output);
    return output;
  }

  /** Adds a float32 initializer, a parameter when the file is opened. */
  initializer(wanted: string, values: Float32Array, shape: Shape): string {
    const name = this.name(wanted);
    this.initializers.push({ name, dims: [...shape], dataType: codeOf("F32"), rawData: bytesOf(values) });
    return name;
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function attributeOf(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === "number") return { name, type: INT, i: value };
  if (typeof value === "string") return { name, type: STRING, s: new TextEncoder().encode(value) };
  if ("f" in value) return { name, type: FLOAT, f: value.f };
  if (typeof value[0] === "string")
    return { name, type: STRINGS, strings: [...(value as readonly string[])] };
  return { name, type: INTS, ints: [...(value as readonly number[])] };
}
