/** ONNX's number types. */
import { dtypes, type SafetensorsDtype } from "../../io/dtypes.ts";

/** A number type: its name in safetensors and in ONNX, and the field that has its values if `raw_data` has not. */
export interface DtypeInfo {
  readonly dtype: SafetensorsDtype;
  readonly name: string;
  readonly field: "floatData" | "int32Data" | "int64Data" | "doubleData" | "uint64Data";
}

/** By ONNX's code. */
const known: ReadonlyMap<number, DtypeInfo> = new Map([
  [1, { dtype: "F32", name: "float", field: "floatData" }],
  [2, { dtype: "U8", name: "uint8", field: "int32Data" }],
  [3, { dtype: "I8", name: "int8", field: "int32Data" }],
  [4, { dtype: "U16", name: "uint16", field: "int32Data" }],
  [5, { dtype: "I16", name: "int16", field: "int32Data" }],
  [6, { dtype: "I32", name: "int32", field: "int32Data" }],
  [7, { dtype: "I64", name: "int64", field: "int64Data" }],
  [9, { dtype: "BOOL", name: "bool", field: "int32Data" }],
  [10, { dtype: "F16", name: "float16", field: "int32Data" }],
  [11, { dtype: "F64", name: "double", field: "doubleData" }],
  [12, { dtype: "U32", name: "uint32", field: "uint64Data" }],
  [13, { dtype: "U64", name: "uint64", field: "uint64Data" }],
  [16, { dtype: "BF16", name: "bfloat16", field: "int32Data" }],
]);

/** Names of the types that are read. */
export const readable: readonly string[] = [...known.values()].map(({ name }) => name);

/** Types that are not read, for the message that refuses one. */
const refused: Readonly<Record<number, string>> = {
  0: "undefined",
  8: "string",
  14: "complex64",
  15: "complex128",
  17: "float8e4m3fn",
  18: "float8e4m3fnuz",
  19: "float8e5m2",
  20: "float8e5m2fnuz",
  21: "uint4",
  22: "int4",
  23: "float4e2m1",
  24: "float8e8m0",
  25: "uint2",
  26: "int2",
  27: "float6e2m3",
  28: "float6e3m2",
};

/** What a code stands for; `null` for a type that is not read. */
export function dtypeOf(code: number): DtypeInfo | null {
  return known.get(code) ?? null;
}

/** A code's name, for messages. */
export function dtypeName(code: number): string {
  return known.get(code)?.name ?? refused[code] ?? `type ${code}`;
}

const codes: ReadonlyMap<SafetensorsDtype, number> = new Map(
  [...known].map(([code, { dtype }]) => [dtype, code]),
);

/** ONNX's code of a type. */
export function codeOf(dtype: SafetensorsDtype): number {
  return codes.get(dtype)!;
}

/** Whether a type holds numbers that are not whole. */
export function isFloat(dtype: SafetensorsDtype): boolean {
  return dtype === "F32" || dtype === "F64" || dtype === "F16" || dtype === "BF16";
}

export function sizeOfDtype(dtype: SafetensorsDtype): number {
  return dtypes[dtype].size;
}
