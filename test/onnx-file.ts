/** Makes ONNX files with the official descriptors of the package onnx-buf, not with this library's writer. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "onnx-buf";

type Init<Schema extends Parameters<typeof create>[0]> = MessageInitShape<Schema>;
export type NodeInit = Init<typeof NodeProtoSchema>;
export type TensorInit = Init<typeof TensorProtoSchema>;
export type GraphInit = Init<typeof GraphProtoSchema>;
type AttributeInit = Init<typeof AttributeProtoSchema>;
type PortInit = Init<typeof ValueInfoProtoSchema>;

/** A value of an attribute: a number is an integer. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | { f: number }
  | { t: TensorInit }
  | { g: GraphInit };

/** A node: `node("Gemm", ["x", "w"], ["y"], { transB: 1 })`. */
export function node(
  opType: string,
  input: string[],
  output: string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  more: { name?: string; domain?: string; attribute?: AttributeInit[] } = {},
): NodeInit {
  return { opType, input, output, attribute: Object.entries(attributes).map(attributeOf), ...more };
}

function attributeOf([name, value]: [string, AttributeValue]): AttributeInit {
  if (typeof value === "number") return { name, type: AttributeType.INT, i: BigInt(value) };
  if (typeof value === "string")
    return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: AttributeType.INTS, ints: (value as number[]).map(BigInt) };
  if ("f" in value) return { name, type: AttributeType.FLOAT, f: value.f };
  if ("t" in value) return { name, type: AttributeType.TENSOR, t: value.t };
  return { name, type: AttributeType.GRAPH, g: (value as { g: GraphInit }).g };
}

/** A float32 tensor. */
export function floats(name: string, dims: readonly number[], values: readonly number[]): TensorInit {
  const rawData = new Uint8Array(Float32Array.from(values).buffer);
  return { name, dims: dims.map(BigInt), dataType: 1, rawData };
}

/** An int64 tensor. */
export function ints(
  name: string,
  dims: readonly number[],
  values: readonly (number | bigint)[],
): TensorInit {
  const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return { name, dims: dims.map(BigInt), dataType: 7, rawData };
}

/** An input or output; a size is a number or a name. */
export function port(name: string, sizes: readonly (number | string)[], elemType = 1): PortInit {
  const dim = sizes.map((size) => ({
    value:
      typeof size === "number"
        ? { case: "dimValue" as const, value: BigInt(size) }
        : { case: "dimParam" as const, value: size },
  }));
  return { name, type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } } };
}

/** A whole file; `extra` overrides fields of the model. */
export function onnxFile(
  graph: GraphInit,
  opset = 17,
  extra: Init<typeof ModelProtoSchema> = {},
): Uint8Array {
  const init = {
    irVersion: 8n,
    producerName: "test",
    opsetImport: [{ domain: "", version: BigInt(opset) }],
    graph,
    ...extra,
  } as Init<typeof ModelProtoSchema>;
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, init));
}
