/** Reads a model.json: bytes, text, or what JSON.parse made of it. */
import { isObject, show } from "../../checks.ts";
import { problemOf } from "../../io/json-text.ts";
import type { Refuse } from "../refuse.ts";
import { entry } from "./layer-file.ts";

export interface ModelFile {
  readonly root: Readonly<Record<string, unknown>>;
  /** The text's size; 0 for JSON that was parsed before. */
  readonly bytes: number;
}

/** Throws for a text that is no JSON, repeats a key or nests too deep, and for a file of another format. */
export function modelFileOf(model: unknown, refuse: Refuse): ModelFile {
  const isBytes = model instanceof Uint8Array || model instanceof ArrayBuffer;
  let root = model;
  let bytes = 0;
  if (isBytes || typeof model === "string") {
    let text: string;
    try {
      text = isBytes ? new TextDecoder("utf-8", { fatal: true }).decode(model) : model;
      root = JSON.parse(text);
    } catch (error) {
      const shown = isBytes ? `${model.byteLength} bytes` : show(model);
      throw refuse(`it must be JSON, got ${shown} (${show((error as Error).message)})`, error);
    }
    const problem = problemOf(text);
    if (problem) throw refuse(`it ${problem}`);
    bytes = isBytes ? model.byteLength : text.length;
  }
  if (!isObject(root))
    throw refuse(`it must be the bytes, the text or the object of a model.json, got ${show(root)}`);
  return { root, bytes };
}

/** `modelTopology` of a layers model. Throws for a graph model. */
export function topologyIn({ root }: ModelFile, refuse: Refuse): Readonly<Record<string, unknown>> {
  const format = entry(root, "format");
  const topology = entry(root, "modelTopology");
  if (format === "graph-model" || (isObject(topology) && Array.isArray(entry(topology, "node")))) {
    throw refuse(
      "it is a graph model, which has operations of TensorFlow and no layers; convert the Keras model itself with tensorflowjs_converter, " +
        "--output_format=tfjs_layers_model",
    );
  }
  if (!isObject(topology)) {
    throw refuse(`it has no modelTopology, got ${show(topology)}; give the whole model.json`);
  }
  return topology;
}
