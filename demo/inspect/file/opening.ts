/** Opens a model's file of any format that the library knows: says what it is, reads its tensors, and makes the model if it has one. */
import type { CheckpointOptimizer, Json } from "webgpu-lstm";
import {
  type FileInfo,
  inspect,
  inspectKeras,
  loadKeras,
  loadOnnx,
  loadTfjs,
  loadTorch,
  type OnnxModel,
  type TfjsModel,
} from "webgpu-lstm/formats";
import { FileError, readModelFile, type StoredTensor } from "./file.ts";
import { type ModelInput, onnxInputs, tfjsInputs } from "./model-inputs.ts";

/** A file with its name. */
export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A model that the file has whole, not only its weights. */
export interface WholeModel {
  readonly inputs: readonly ModelInput[];
  /** Makes it anew; whoever asks disposes of it. */
  load(constants?: Readonly<Record<string, bigint>>): Promise<OnnxModel | TfjsModel>;
}

export interface OpenFile {
  readonly name: string;
  readonly size: number;
  readonly info: FileInfo;
  readonly tensors: readonly StoredTensor[];
  readonly optimizer: CheckpointOptimizer | undefined;
  readonly optimizerBytes: number;
  readonly config: Json | undefined;
  readonly model: WholeModel | undefined;
  /** Why the file is described, but not opened. */
  readonly refusal: string | undefined;
}

/** The formats by name. */
export const FORMATS: Readonly<Partial<Record<FileInfo["format"], string>>> = {
  safetensors: "safetensors",
  torch: "PyTorch (.pt)",
  onnx: "ONNX",
  tfjs: "TensorFlow.js layers",
  keras: "Keras",
  hdf5: "Keras (.h5)",
};

const SAVE_IN_PYTHON =
  "In Python: from safetensors.torch import save_file; save_file(model.state_dict(), 'model.safetensors').";

/**
 * @param files The file, or a model.json and its shards.
 * @throws {@link FileError} for what cannot even be described.
 */
export async function openFiles(files: readonly NamedFile[]): Promise<OpenFile> {
  const shards = files.length > 1 || files[0]!.name.endsWith(".json");
  const main = (shards && files.find(({ name }) => name.endsWith(".json"))) || files[0]!;
  if (files.length > 1 && !main.name.endsWith(".json")) {
    throw new FileError(
      "These files do not belong together",
      `${files.length} files were given. Give one, or a model.json of TensorFlow.js together with its shards.`,
    );
  }
  const { name, bytes } = main;
  const size = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const info = await describe(bytes);
  const nothing = {
    optimizer: undefined,
    optimizerBytes: 0,
    config: undefined,
    model: undefined,
    refusal: undefined,
  };
  const described = { name, size, info, ...nothing };
  if (info.opensWith === "loadTorch") return { ...described, tensors: torchTensors(bytes, info) };
  if (info.opensWith === "loadOnnx") {
    const load = (constants = {}) => loadOnnx(bytes, { constants });
    return withModel(described, { inputs: onnxInputs(info), load });
  }
  if (info.opensWith === "loadTfjs") {
    const others = files.filter((file) => file !== main);
    const load = () => loadTfjs(bytes, shardsOf(bytes, others));
    return withModel(described, { inputs: [], load });
  }
  if (info.opensWith === "loadKeras") {
    return withModel(described, { inputs: [], load: () => loadKeras(bytes) });
  }
  return { ...described, ...readModelFile(bytes.buffer) };
}

/** What the library says of the file. What it does not know is told by {@link readModelFile}, which has more to say about safetensors. */
async function describe(bytes: Uint8Array<ArrayBuffer>): Promise<FileInfo> {
  let info: FileInfo;
  let reason = "";
  try {
    info = inspect(bytes);
    // Their tensors are in HDF5, which a package reads that loads on demand.
    if (info.format === "keras") info = await inspectKeras(bytes);
    // An HDF5 file may be anything.
    if (info.format === "hdf5") {
      info = await inspectKeras(bytes).catch((error: Error) => {
        reason = ` ${error.message}.`;
        return info;
      });
    }
  } catch (error) {
    const { message } = error as Error;
    // A header of JSON begins here.
    if (bytes[8] === 0x7b) readModelFile(bytes.buffer);
    throw new FileError(
      "This file cannot be read",
      bytes[0] === 0x50 ? `${message}. ${SAVE_IN_PYTHON}` : `${message}.`,
      { cause: error },
    );
  }
  if (info.opensWith) return info;
  const name = {
    pickle: "a Python pickle",
    hdf5: "an HDF5 file, as Keras writes",
    tflite: "a TensorFlow Lite file",
    numpy: "a NumPy array",
    gguf: "a GGUF file",
    "torch-legacy": "a file of PyTorch before 1.6",
    onnx: "an ONNX file",
    tfjs: "a model.json",
  } as Readonly<Record<string, string>>;
  if (name[info.format]) {
    throw new FileError(
      "This file is not opened here",
      `It seems to be ${name[info.format]}: ${info.advice}.${reason}`,
    );
  }
  // A zip archive or something unknown.
  readModelFile(bytes.buffer);
  return info;
}

/** The tensors of a `.pt` file, by the keys that lead to them. */
function torchTensors(bytes: Uint8Array, info: FileInfo): StoredTensor[] {
  const root = loadTorch(bytes, { keepTypes: true }) as unknown;
  return info.tensors.map(({ name, dtype, shape }) => {
    const { data } = follow(root, name) as {
      readonly data: ArrayLike<number | bigint> & { readonly byteLength: number };
    };
    const values = data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number);
    return { name, dtype, shape, data: values, bytes: sizeOf(dtype) * values.length };
  });
}

/** Follows a path of keys, which may have dots themselves. */
function follow(value: unknown, path: string): unknown {
  if (path === "") return value;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (path !== key && !path.startsWith(`${key}.`)) continue;
    const found = follow(inner, path.slice(key.length + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Bytes of a number: the digits at the end of its type's name. */
function sizeOf(dtype: string): number {
  return Math.max(1, Number(/\d+/.exec(dtype)?.[0] ?? 8) / 8);
}

type Described = Omit<OpenFile, "tensors">;

/** Reads the weights through the model. Where it is not computed here, the file is still described. */
async function withModel(described: Described, whole: WholeModel): Promise<OpenFile> {
  let model: OnnxModel | TfjsModel;
  try {
    model = await whole.load();
  } catch (error) {
    return { ...described, tensors: [], refusal: (error as Error).message };
  }
  const types = new Map(described.info.tensors.map(({ name, dtype }) => [name, dtype]));
  const tensors = [...(await model.stateDict())].map(([name, { data, shape }]) => {
    const dtype = types.get(name) ?? "F32";
    return { name, dtype, shape, data, bytes: sizeOf(dtype) * data.length };
  });
  const inputs = "inputShape" in model ? tfjsInputs(described.info, model.inputShape) : whole.inputs;
  model.dispose();
  return { ...described, tensors, model: { ...whole, inputs } };
}

/** The shards by the paths of the model.json, told by the ends of their names. */
function shardsOf(json: Uint8Array, files: readonly NamedFile[]): Record<string, Uint8Array> {
  const manifest = (JSON.parse(new TextDecoder().decode(json)) as { weightsManifest?: { paths: string[] }[] })
    .weightsManifest;
  const paths = manifest?.flatMap(({ paths }) => paths) ?? [];
  const last = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const missing = paths.filter((path) => !files.some(({ name }) => name === last(path)));
  if (missing.length > 0) {
    throw new Error(
      `Its weights are missing: choose or drop ${missing.join(", ")} together with the model.json.`,
    );
  }
  return Object.fromEntries(
    paths.map((path) => [path, files.find(({ name }) => name === last(path))!.bytes]),
  );
}
