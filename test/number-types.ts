/** Small files of every number type in every format, for the table of docs/formats.md. */
import { gunzipSync } from "node:zlib";
import { loadSafetensors, type NDArray } from "webgpu-lstm";
import { loadKeras, loadOnnx, loadTfjs, loadTorch } from "webgpu-lstm/formats";
import { Graph } from "../src/graph/graph.ts";
import { recording } from "../src/graph/tensor.ts";
import kerasFiles from "./goldens/keras_types.json";
import { node, onnxFile, port, type TensorInit } from "./onnx-file.ts";
import { tensor, torchFile } from "./torch-pickle.ts";

/** Numbers of a type as bytes: 1 and 0; and in their place one that float32 rounds, and one that it does not hold. */
export interface Numbers {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly fine?: Uint8Array<ArrayBuffer>;
  readonly huge?: Uint8Array<ArrayBuffer>;
}

const bytesOf = ({ buffer }: { readonly buffer: ArrayBuffer }) => new Uint8Array(buffer);
const whole = (Type: Uint32ArrayConstructor | Int32ArrayConstructor): Numbers => ({
  plain: bytesOf(Type.of(1, 0)),
  fine: bytesOf(Type.of(2 ** 24 + 1, 0)),
});
const long = (Type: BigInt64ArrayConstructor | BigUint64ArrayConstructor): Numbers => ({
  plain: bytesOf(Type.of(1n, 0n)),
  fine: bytesOf(Type.of(2n ** 24n + 1n, 0n)),
});
const zeros = (size: number): Numbers => ({ plain: new Uint8Array(2 * size) });

/** The types by PyTorch's names. */
export const numbers = {
  float32: { plain: bytesOf(Float32Array.of(1, 0)) },
  float64: {
    plain: bytesOf(Float64Array.of(1, 0)),
    fine: bytesOf(Float64Array.of(0.1, 0)),
    huge: bytesOf(Float64Array.of(1e300, 0)),
  },
  float16: { plain: bytesOf(Uint16Array.of(0x3c00, 0)) },
  bfloat16: { plain: bytesOf(Uint16Array.of(0x3f80, 0)) },
  float8_e4m3fn: { plain: Uint8Array.of(0x38, 0) },
  float8_e5m2: { plain: Uint8Array.of(0x3c, 0) },
  "float8_e4m3fnuz, float8_e5m2fnuz, float8_e8m0fnu": zeros(1),
  float4_e2m1fn: { plain: Uint8Array.of(0) },
  int64: long(BigInt64Array),
  int32: whole(Int32Array),
  int16: { plain: bytesOf(Int16Array.of(1, 0)) },
  int8: { plain: bytesOf(Int8Array.of(1, 0)) },
  "int4, uint4": { plain: Uint8Array.of(1) },
  uint64: long(BigUint64Array),
  uint32: whole(Uint32Array),
  uint16: { plain: bytesOf(Uint16Array.of(1, 0)) },
  uint8: { plain: Uint8Array.of(1, 0) },
  bool: { plain: Uint8Array.of(1, 0) },
  complex64: zeros(8),
  complex128: zeros(16),
  "quantized (qint8, quint8, qint32)": zeros(1),
  "sparse tensors": zeros(1),
  text: zeros(1),
} as const satisfies Record<string, Numbers>;
export type Name = keyof typeof numbers;
export const names = Object.keys(numbers) as Name[];

/** Opens a file's two numbers; throws for one that is refused. */
export type Open = (
  bytes: Uint8Array<ArrayBuffer>,
  kind: keyof Numbers,
) => ArrayLike<unknown> | Promise<ArrayLike<unknown>>;
/** A format's types, each with the ways to write it that are its own; a type that a format has not is left out. */
export type Readers = Readonly<Partial<Record<Name, readonly Open[]>>>;

const safetensors = (dtype: string, shape = [2]): Open => {
  return (data) => {
    const header = JSON.stringify({ a: { dtype, shape, data_offsets: [0, data.length] } });
    const file = new Uint8Array(8 + header.length + data.length);
    new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
    file.set(new TextEncoder().encode(header), 8);
    file.set(data, 8 + header.length);
    return loadSafetensors(file).tensors.get("a")!.data;
  };
};
export const inSafetensors: Readers = {
  float32: [safetensors("F32")],
  float64: [safetensors("F64")],
  float16: [safetensors("F16")],
  bfloat16: [safetensors("BF16")],
  float8_e4m3fn: [safetensors("F8_E4M3")],
  float8_e5m2: [safetensors("F8_E5M2")],
  "float8_e4m3fnuz, float8_e5m2fnuz, float8_e8m0fnu": ["F8_E4M3FNUZ", "F8_E5M2FNUZ", "F8_E8M0"].map((dtype) =>
    safetensors(dtype),
  ),
  float4_e2m1fn: [safetensors("F4")],
  int64: [safetensors("I64")],
  int32: [safetensors("I32")],
  int16: [safetensors("I16")],
  int8: [safetensors("I8")],
  uint64: [safetensors("U64")],
  uint32: [safetensors("U32")],
  uint16: [safetensors("U16")],
  uint8: [safetensors("U8")],
  bool: [safetensors("BOOL")],
  complex64: [safetensors("C64")],
};

/** A tensor of a storage class; or untyped, where the class has PyTorch's name for the type. */
const torch = (type: string, keepTypes: boolean): Open => {
  return (data) => {
    const untyped = type.endsWith("Storage") ? undefined : type;
    const opcodes = tensor({ type, elements: untyped ? data.length : 2, ...(untyped && { untyped }) });
    return loadTorch<NDArray>(torchFile(opcodes, { 0: data }), { keepTypes }).data;
  };
};
/** What PyTorch writes in place of a dense tensor. */
const torchCall = (name: string): Open => {
  return () => loadTorch<NDArray>(torchFile(`ctorch._utils\n${name}\n`)).data;
};
export const inTorch = (keepTypes: boolean): Readers => {
  const of = (...types: string[]) => types.map((type) => torch(type, keepTypes));
  return {
    float32: of("FloatStorage"),
    float64: of("DoubleStorage"),
    float16: of("HalfStorage"),
    bfloat16: of("BFloat16Storage"),
    float8_e4m3fn: of("float8_e4m3fn"),
    float8_e5m2: of("float8_e5m2"),
    "float8_e4m3fnuz, float8_e5m2fnuz, float8_e8m0fnu": of(
      "float8_e4m3fnuz",
      "float8_e5m2fnuz",
      "float8_e8m0fnu",
    ),
    float4_e2m1fn: of("float4_e2m1fn_x2"),
    int64: of("LongStorage"),
    int32: of("IntStorage"),
    int16: of("ShortStorage"),
    int8: of("CharStorage"),
    "int4, uint4": of("int4", "uint4"),
    uint64: of("uint64"),
    uint32: of("uint32"),
    uint16: of("uint16"),
    uint8: of("ByteStorage"),
    bool: of("BoolStorage"),
    complex64: of("ComplexFloatStorage"),
    complex128: of("ComplexDoubleStorage"),
    "quantized (qint8, quint8, qint32)": [
      ...of("QInt8Storage", "QUInt8Storage", "QInt32Storage"),
      torchCall("_rebuild_qtensor"),
    ],
    "sparse tensors": [torchCall("_rebuild_sparse_tensor")],
  };
};

/** An initializer, as a parameter of the model or, if it is none, as what `forward` gives. */
const onnx = (dataType: number, more: TensorInit = {}): Open => {
  return async (data) => {
    const file = onnxFile({
      node: [node("Identity", ["w"], ["y"])],
      initializer: [{ name: "w", dims: [2n], dataType, ...(dataType !== 8 && { rawData: data }), ...more }],
      output: [port("y", [2], dataType)],
    });
    const model = await loadOnnx(file);
    const parameter = (await model.stateDict()).get("w");
    if (parameter) return parameter.data;
    const graph = new Graph({ next: () => 0 } as never);
    const { y } = recording.into(graph, () => model.forward({}));
    return graph.literals.get(y!)!;
  };
};
export const inOnnx: Readers = {
  float32: [onnx(1)],
  float64: [onnx(11)],
  float16: [onnx(10)],
  bfloat16: [onnx(16)],
  float8_e4m3fn: [onnx(17)],
  float8_e5m2: [onnx(19)],
  "float8_e4m3fnuz, float8_e5m2fnuz, float8_e8m0fnu": [18, 20, 24].map((code) => onnx(code)),
  float4_e2m1fn: [onnx(23)],
  int64: [onnx(7)],
  int32: [onnx(6)],
  int16: [onnx(5)],
  int8: [onnx(3)],
  "int4, uint4": [onnx(22), onnx(21)],
  uint64: [onnx(13)],
  uint32: [onnx(12)],
  uint16: [onnx(4)],
  uint8: [onnx(2)],
  bool: [onnx(9)],
  complex64: [onnx(14)],
  complex128: [onnx(15)],
  "sparse tensors": [
    () =>
      loadOnnx(
        onnxFile({
          node: [node("Identity", ["w"], ["y"])],
          output: [port("y", [2])],
          sparseInitializer: [{ dims: [2n] }],
        }),
      ).then(() => []),
  ],
  text: [onnx(8, { stringData: [Uint8Array.of(49), Uint8Array.of(48)] })],
};

const dense = { class_name: "Dense", config: { name: "dense", units: 1, use_bias: false } };
const tfjs = (entry: object): Open => {
  return async (data) => {
    const weights = [{ name: "dense/kernel", shape: [2, 1], ...entry }];
    const model = {
      modelTopology: { class_name: "Sequential", config: { name: "m", layers: [dense] } },
      weightsManifest: [{ paths: ["a"], weights }],
    };
    return (await (await loadTfjs(model, data)).stateDict()).get("dense.weight")!.data;
  };
};
const quantized = (dtype: string): Open => {
  return tfjs({ dtype: "float32", quantization: { dtype, original_dtype: "float32", scale: 1, min: 0 } });
};
export const inTfjs: Readers = {
  float32: [tfjs({ dtype: "float32" })],
  float16: [quantized("float16")],
  int32: [tfjs({ dtype: "int32" })],
  uint16: [quantized("uint16")],
  uint8: [quantized("uint8")],
  bool: [tfjs({ dtype: "bool" })],
  complex64: [tfjs({ dtype: "complex64" })],
  text: [tfjs({ dtype: "string" })],
};

type KerasName = keyof typeof kerasFiles;
const keras = (name: KerasName): Open => {
  return async (_, kind) => {
    const files = kerasFiles[name] as Readonly<Partial<Record<keyof Numbers, string>>>;
    const model = await loadKeras(gunzipSync(Buffer.from(files[kind]!, "base64")));
    return (await model.stateDict()).get("dense.weight")!.data;
  };
};
export const inKeras: Readers = {
  ...Object.fromEntries(
    Object.keys(kerasFiles)
      .filter((name) => name !== "string")
      .map((name) => [name, [keras(name as KerasName)]]),
  ),
  text: [keras("string")],
};
