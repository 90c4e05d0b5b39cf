import type { SafetensorsDtype } from "../io/dtypes.ts";
import { parseSafetensors } from "../io/safetensors.ts";
import type { Shape } from "../shape.ts";
import { type FileFormat, formatOf } from "./magic.ts";
import { viewOf } from "./refuse.ts";
import { readTorch } from "./torch-file.ts";

/** A tensor in a file. */
export interface TensorInfo {
  /** Its key; within dicts and lists the keys that lead to it, `optimizer.state.0.exp_avg`. */
  readonly name: string;
  /** Its type in the file. */
  readonly dtype: SafetensorsDtype;
  readonly shape: Shape;
}

/** What {@link inspect} says of a file. */
export interface FileInfo {
  readonly format: FileFormat;
  /** The function that opens it; `null` if there is none. */
  readonly opensWith: "loadSafetensors" | "loadTorch" | null;
  /** In the file's order; none if nothing opens it. */
  readonly tensors: readonly TensorInfo[];
  /** What else it holds: the metadata of a safetensors file, the numbers and texts of a `.pt` file, as text by name. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What to do with a file that nothing opens. */
  readonly advice?: string;
}

const PYTHON = "load it in Python and save its weights: torch.save(model.state_dict(), …), or as safetensors";
const KERAS = "convert its weights in Python to safetensors";

const advice: Readonly<Partial<Record<FileFormat, string>>> = {
  "torch-legacy":
    "load it in Python and save it again with torch.save(…, _use_new_zipfile_serialization=True); it is of PyTorch before 1.6",
  pickle: PYTHON,
  onnx: "convert its initializers in Python to safetensors",
  tfjs: KERAS,
  hdf5: KERAS,
  tflite: KERAS,
  numpy: "convert its array in Python to safetensors",
  gguf: "convert its tensors in Python to safetensors",
  zip: "unpack it; it is no file of torch.save",
};

/**
 * Says what a file is and what is in it, without loading tensors. It knows other formats by name, so that a page can say more than "not
 * supported".
 * @throws DataError for a safetensors or `.pt` file that is damaged, or that `loadTorch` refuses.
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
  const known = advice[format];
  return { format, opensWith: null, tensors: [], metadata: new Map(), ...(known && { advice: known }) };
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
