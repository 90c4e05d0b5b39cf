import { parseSafetensors } from "../io/safetensors.ts";
import { Budget } from "./budget.ts";
import type { FileInfo, TensorInfo } from "./file-info.ts";
import { archiveOf, descriptionOf } from "./keras/description.ts";
import { type FileFormat, formatOf } from "./magic.ts";
import { inspectOnnx } from "./onnx/inspect.ts";
import { refuser, viewOf } from "./refuse.ts";
import { inspectTfjs, layersIn } from "./tfjs/inspect.ts";
import { readTorch } from "./torch-file.ts";

const PYTHON = "load it in Python and save its weights: torch.save(model.state_dict(), …), or as safetensors";
const KERAS = "convert its weights in Python to safetensors";

const advice: Readonly<Partial<Record<FileFormat, string>>> = {
  "torch-legacy":
    "load it in Python and save it again with torch.save(…, _use_new_zipfile_serialization=True); it is of PyTorch before 1.6",
  pickle: PYTHON,
  onnx: "it has no graph; it may be cut off, or be another kind of protobuf",
  tfjs: "it has no layers; convert the Keras model itself with tensorflowjs_converter, --output_format=tfjs_layers_model",
  hdf5: `open it with loadKeras if Keras saved a whole model in it (inspectKeras lists what it has); else ${KERAS}`,
  tflite: KERAS,
  numpy: "convert its array in Python to safetensors",
  gguf: "convert its tensors in Python to safetensors",
  zip: "unpack it; it is no file of torch.save",
};

/**
 * Says what a file is and what is in it, without loading tensors. It knows other formats by name, so that a page can say more than "not
 * supported".
 * @throws DataError for a safetensors, `.pt`, ONNX, `.keras` or `model.json` file that is damaged, or a `.pt` file that `loadTorch` refuses.
 *
 * @example
 * const { format, opensWith, tensors } = inspect(await file.arrayBuffer());
 * console.log(format, opensWith, tensors.map(({ name, dtype, shape }) => `${name} ${dtype} [${shape}]`));
 */
export function inspect(bytes: Uint8Array | ArrayBuffer): FileInfo {
  const view = viewOf("inspect", bytes);
  const format = formatOf(view);
  if (format === "safetensors") return inspectSafetensors(view);
  if (format === "torch") return inspectTorch(view);
  const onnx = format === "onnx" ? inspectOnnx(view) : null;
  if (onnx) return { format, opensWith: "loadOnnx", ...onnx };
  const tfjs = format === "tfjs" ? inspectTfjs(view) : null;
  if (tfjs) return { format, opensWith: "loadTfjs", ...tfjs };
  if (format === "keras") return inspectArchive(view);
  const known = advice[format];
  return { format, opensWith: null, tensors: [], metadata: new Map(), ...(known && { advice: known }) };
}

/** The layers of an archive of Keras 3. Its tensors are in HDF5, which takes a package to read. */
function inspectArchive(bytes: Uint8Array): FileInfo {
  const refuse = refuser("inspect", "the .keras file");
  const read = archiveOf(bytes, refuse);
  const { topology, layers } = descriptionOf(read("config.json"), read("metadata.json"), refuse);
  return {
    format: "keras",
    opensWith: "loadKeras",
    tensors: [],
    ...layersIn(topology, layers, new Budget(bytes.length, refuse)),
    advice: "inspectKeras lists its tensors too",
  };
}

function inspectSafetensors(bytes: Uint8Array): FileInfo {
  const { tensors, metadata } = parseSafetensors("inspect", bytes);
  return {
    format: "safetensors",
    opensWith: "loadSafetensors",
    tensors: [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    metadata: new Map(Object.entries(metadata)),
  };
}

function inspectTorch(bytes: Uint8Array): FileInfo {
  const { value, isTensor, budget } = readTorch("inspect", bytes, ({ storage, shape }) => ({
    dtype: storage.dtype,
    shape,
  }));
  const tensors: TensorInfo[] = [];
  const metadata = new Map<string, string>();
  const walk = (path: string, item: unknown): void => {
    budget.spend(2 * path.length + 100, "the list of its content");
    if (typeof item !== "object" || item === null) metadata.set(path, String(item));
    else if (isTensor(item)) tensors.push({ name: path, ...(item as Omit<TensorInfo, "name">) });
    else for (const [key, inner] of Object.entries(item)) walk(path ? `${path}.${key}` : key, inner);
  };
  walk("", value);
  return { format: "torch", opensWith: "loadTorch", tensors, metadata };
}
