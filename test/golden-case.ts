/** Reading one golden file (test/goldens/README.md), under Node and in the browser alike: bytes in, case out. */
import type { NDArray, Shape } from "../src/shape.ts";
import { readHeader } from "./safetensors-header.ts";

/** A tensor as PyTorch computed it: float64, or float64 read from float32 where `dtype` says so. */
export interface GoldenTensor {
  readonly dtype: "F32" | "F64";
  readonly data: Float64Array;
  readonly shape: Shape;
}

/** One case: its options as JSON values, and its tensors by name. */
export class GoldenCase {
  readonly name: string;
  readonly op: string;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
  readonly #metadata: Record<string, string>;

  constructor(bytes: Uint8Array | ArrayBuffer) {
    const file = new Uint8Array(bytes);
    const { entries, metadata, dataStart } = readHeader(file);
    this.#metadata = metadata;
    this.name = metadata["name"] ?? "";
    this.op = metadata["op"] ?? "";
    this.tensors = new Map(
      [...entries].map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [begin, end],
          },
        ]) => {
          if (dtype !== "F32" && dtype !== "F64") throw new Error(`${this.name}: ${name} is ${dtype}`);
          const own = file.slice(dataStart + begin, dataStart + end).buffer;
          const data = dtype === "F64" ? new Float64Array(own) : Float64Array.from(new Float32Array(own));
          return [name, { dtype, data, shape }];
        },
      ),
    );
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** The tensor's float64 values and shape. */
  tensor(name: string): GoldenTensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new Error(`golden ${this.name} has no tensor ${name}`);
    return tensor;
  }

  /** An input as float32, which it is exactly. */
  input(name: string): NDArray {
    const { dtype, data, shape } = this.tensor(name);
    if (dtype !== "F32") throw new Error(`golden ${this.name}: ${name} is a result, not an input`);
    return { data: Float32Array.from(data), shape };
  }

  /** The names of the tensors with this prefix, without it: `names("grad.")` gives `x`, `weight_ih_l0`, … */
  names(prefix: string): string[] {
    return [...this.tensors.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }

  #option(name: string): unknown {
    const text = this.#metadata[name];
    if (text === undefined) throw new Error(`golden ${this.name} has no option ${name}`);
    return JSON.parse(text);
  }

  number(name: string): number {
    const value = this.#option(name);
    if (typeof value !== "number") throw new Error(`golden ${this.name}: option ${name} is not a number`);
    return value;
  }

  boolean(name: string): boolean {
    const value = this.#option(name);
    if (typeof value !== "boolean") throw new Error(`golden ${this.name}: option ${name} is not a boolean`);
    return value;
  }

  numbers(name: string): number[] {
    return this.list(name) as number[];
  }

  list(name: string): unknown[] {
    const value = this.#option(name);
    if (!Array.isArray(value)) throw new Error(`golden ${this.name}: option ${name} is not a list`);
    return value;
  }

  /** An option of any form. */
  json(name: string): unknown {
    return this.#option(name);
  }

  /** An option that is plain text, such as `reduction`. */
  text(name: string): string {
    const value = this.#metadata[name];
    if (value === undefined) throw new Error(`golden ${this.name} has no option ${name}`);
    return value;
  }
}
