/**
 * Writes small ONNX models: the part of the format (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that the
 * benchmarks need. A message is a list of fields; a field is its number and a varint, a float or bytes.
 */

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** Constants of a model, float32 or int64. */
export interface Constant {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface Model {
  /** Shapes of float32 inputs and outputs by name. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  readonly constants: ReadonlyMap<string, Constant>;
  readonly nodes: readonly Node[];
}

const FLOAT = 1;
const INT64 = 7;

/** The bytes of the model's file. */
export function onnxFile({ inputs, outputs, constants, nodes }: Model): Uint8Array {
  const graph = message(
    ...nodes.map((node) => bytes(1, nodeMessage(node))),
    text(2, "benchmark"),
    ...[...constants].map(([name, constant]) => bytes(5, tensorMessage(name, constant))),
    ...Object.entries(inputs).map(([name, shape]) => bytes(11, valueMessage(name, shape))),
    ...Object.entries(outputs).map(([name, shape]) => bytes(12, valueMessage(name, shape))),
  );
  const opset = message(text(1, ""), integer(2, 17));
  return message(integer(1, 8), bytes(7, graph), bytes(8, opset));
}

function nodeMessage({ op, inputs, outputs, attributes = {} }: Node): Uint8Array {
  return message(
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) =>
      bytes(
        5,
        typeof value === "number"
          ? message(text(1, name), integer(3, value), integer(20, 2))
          : message(text(1, name), ...value.map((one) => integer(8, one)), integer(20, 7)),
      ),
    ),
  );
}

function tensorMessage(name: string, { shape, data }: Constant): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const type = data instanceof Float32Array ? FLOAT : INT64;
  return message(...shape.map((size) => integer(1, size)), integer(2, type), text(8, name), bytes(9, raw));
}

function valueMessage(name: string, shape: readonly number[]): Uint8Array {
  const dims = message(...shape.map((size) => bytes(1, message(integer(1, size)))));
  const tensor = message(integer(1, FLOAT), bytes(2, dims));
  return message(text(1, name), bytes(2, message(bytes(1, tensor))));
}

type Field = readonly Uint8Array[];

function message(...fields: readonly Field[]): Uint8Array {
  const parts = fields.flat();
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whole numbers from 0 on. */
function varint(value: number): Uint8Array {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...out, rest);
    out.push((rest % 128) + 128);
  }
}

function integer(field: number, value: number): Field {
  return [varint(field * 8), varint(value)];
}

function bytes(field: number, content: Uint8Array): Field {
  return [varint(field * 8 + 2), varint(content.length), content];
}

function text(field: number, content: string): Field {
  return bytes(field, new TextEncoder().encode(content));
}
