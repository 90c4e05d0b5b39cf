/**
 * The messages of ONNX, as far as they are read and written here: each field's number and kind.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

/** A message's fields by number. A function, since messages contain each other. */
export type Schema = () => Readonly<Record<number, Field>>;

/**
 * A field: its name and its kind. `ints` and `floats` are packed or not; a message of the array kind is repeated. `packed` keeps numbers of
 * a fixed width as the bytes of the file.
 */
export type Field =
  | readonly [name: string, kind: "int" | "float" | "text" | "bytes" | "ints" | "floats" | "texts" | "packed"]
  | readonly [name: string, kind: "message" | "messages", of: Schema];

interface KeyValue {
  key?: string;
  value?: string;
}

export interface TensorProto {
  dims?: number[];
  dataType?: number;
  segment?: object;
  /** float32 values, in one or several rows of bytes. */
  floatData?: Uint8Array[];
  int32Data?: number[];
  stringData?: string[];
  int64Data?: number[];
  name?: string;
  rawData?: Uint8Array;
  doubleData?: Uint8Array[];
  uint64Data?: number[];
  externalData?: KeyValue[];
  dataLocation?: number;
}

export interface AttributeProto {
  name?: string;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats?: number[];
  ints?: number[];
  strings?: string[];
  type?: number;
  refAttrName?: string;
}

export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  attribute?: AttributeProto[];
  domain?: string;
}

export interface DimensionProto {
  dimValue?: number;
  dimParam?: string;
}

export interface ValueInfoProto {
  name?: string;
  type?: { tensorType?: { elemType?: number; shape?: { dim?: DimensionProto[] } } };
}

export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
  sparseInitializer?: object[];
}

interface OpsetProto {
  domain?: string;
  version?: number;
}

interface FunctionProto {
  name?: string;
  domain?: string;
}

export interface ModelProto {
  irVersion?: number;
  producerName?: string;
  producerVersion?: string;
  graph?: GraphProto;
  opsetImport?: OpsetProto[];
  metadataProps?: KeyValue[];
  functions?: FunctionProto[];
}

const keyValue: Schema = () => ({ 1: ["key", "text"], 2: ["value", "text"] });

const empty: Schema = () => ({});

const tensor: Schema = () => ({
  1: ["dims", "ints"],
  2: ["dataType", "int"],
  3: ["segment", "message", empty],
  4: ["floatData", "packed"],
  5: ["int32Data", "ints"],
  6: ["stringData", "texts"],
  7: ["int64Data", "ints"],
  8: ["name", "text"],
  9: ["rawData", "bytes"],
  10: ["doubleData", "packed"],
  11: ["uint64Data", "ints"],
  13: ["externalData", "messages", keyValue],
  14: ["dataLocation", "int"],
});

const attribute: Schema = () => ({
  1: ["name", "text"],
  2: ["f", "float"],
  3: ["i", "int"],
  4: ["s", "bytes"],
  5: ["t", "message", tensor],
  6: ["g", "message", graph],
  7: ["floats", "floats"],
  8: ["ints", "ints"],
  9: ["strings", "texts"],
  20: ["type", "int"],
  21: ["refAttrName", "text"],
});

const node: Schema = () => ({
  1: ["input", "texts"],
  2: ["output", "texts"],
  3: ["name", "text"],
  4: ["opType", "text"],
  5: ["attribute", "messages", attribute],
  7: ["domain", "text"],
});

const dimension: Schema = () => ({ 1: ["dimValue", "int"], 2: ["dimParam", "text"] });
const shape: Schema = () => ({ 1: ["dim", "messages", dimension] });
const tensorType: Schema = () => ({ 1: ["elemType", "int"], 2: ["shape", "message", shape] });
const type: Schema = () => ({ 1: ["tensorType", "message", tensorType] });
const valueInfo: Schema = () => ({ 1: ["name", "text"], 2: ["type", "message", type] });

const graph: Schema = () => ({
  1: ["node", "messages", node],
  2: ["name", "text"],
  5: ["initializer", "messages", tensor],
  11: ["input", "messages", valueInfo],
  12: ["output", "messages", valueInfo],
  15: ["sparseInitializer", "messages", empty],
});

const opset: Schema = () => ({ 1: ["domain", "text"], 2: ["version", "int"] });
const functionOf: Schema = () => ({ 1: ["name", "text"], 10: ["domain", "text"] });

/** A whole file. */
export const model: Schema = () => ({
  1: ["irVersion", "int"],
  2: ["producerName", "text"],
  3: ["producerVersion", "text"],
  7: ["graph", "message", graph],
  8: ["opsetImport", "messages", opset],
  14: ["metadataProps", "messages", keyValue],
  25: ["functions", "messages", functionOf],
});
