import type { SafetensorsDtype } from "../io/dtypes.ts";
import type { Shape } from "../shape.ts";
import type { FileFormat } from "./magic.ts";

/** A tensor in a file. */
export interface TensorInfo {
  /** Its key; within dicts and lists the keys that lead to it, `optimizer.state.0.exp_avg`. */
  readonly name: string;
  /** Its type in the file. */
  readonly dtype: SafetensorsDtype;
  /** Its sizes, the outermost first. */
  readonly shape: Shape;
}

/** What `inspect` says of a file. */
export interface FileInfo {
  /** What kind of file it is. */
  readonly format: FileFormat;
  /** The function that opens it; `null` if there is none. */
  readonly opensWith: "loadSafetensors" | "loadTorch" | "loadOnnx" | "loadTfjs" | "loadKeras" | null;
  /** In the file's order; none if nothing opens it, or if `inspect` cannot read them (`.keras`: see `inspectKeras`). */
  readonly tensors: readonly TensorInfo[];
  /**
   * What else it holds, as text by name: the metadata of a safetensors file, the numbers and texts of a `.pt` file; of an ONNX model its
   * versions and producer, and for every input and output its type and sizes; of a TensorFlow.js or Keras model what made it, and its layers.
   */
  readonly metadata: ReadonlyMap<string, string>;
  /** How often an ONNX model has each operator, in all its graphs, or a TensorFlow.js or Keras model each class of layer. */
  readonly operators?: ReadonlyMap<string, number>;
  /** What to do with a file that nothing opens, or how to learn more about it. */
  readonly advice?: string;
}
