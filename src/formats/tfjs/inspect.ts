import { isObject } from "../../checks.ts";
import { Budget } from "../budget.ts";
import type { FileInfo, TensorInfo } from "../file-info.ts";
import { refuser } from "../refuse.ts";
import { entry, type LayerFile } from "./layer-file.ts";
import { manifestOf } from "./manifest.ts";
import { modelFileOf } from "./model-file.ts";
import { topologyOf } from "./topology.ts";

/** What a model.json holds; `null` for a graph model, and for one without layers. */
export function inspectTfjs(bytes: Uint8Array): Pick<FileInfo, "tensors" | "metadata" | "operators"> | null {
  const refuse = refuser("inspect", "the model.json");
  const { root } = modelFileOf(bytes, refuse);
  const topology = entry(root, "modelTopology");
  if (!isObject(topology) || entry(root, "format") === "graph-model") return null;
  const model = entry(topology, "model_config") ?? topology;
  if (!isObject(model) || entry(model, "class_name") === undefined) return null;
  const budget = new Budget(bytes.length, refuse);
  const layers = layersIn(topology, topologyOf(topology, refuse).layers, budget, root);
  const tensors = manifestOf(entry(root, "weightsManifest") ?? [], refuse).weights.map(
    ({ name, dtype, shape }): TensorInfo => {
      budget.spend(200, "the list of its content");
      return { name, dtype, shape };
    },
  );
  return { tensors, ...layers };
}

/** What made a model, its layers, and how often it has each class of them. `root` is the object around `topology`. */
export function layersIn(
  topology: Readonly<Record<string, unknown>>,
  layers: readonly LayerFile[],
  budget: Budget,
  root: Readonly<Record<string, unknown>> = {},
): Pick<FileInfo, "metadata" | "operators"> {
  const metadata = new Map<string, string>();
  const note = (name: string, value: unknown) => {
    if (typeof value !== "string") return;
    budget.spend(200 + 2 * (name.length + value.length), "the list of its content");
    metadata.set(name, value);
  };
  const model = entry(topology, "model_config") ?? topology;
  note("class", isObject(model) ? entry(model, "class_name") : undefined);
  for (const key of ["generatedBy", "convertedBy"]) note(key, entry(root, key));
  for (const key of ["keras_version", "backend"]) note(key, entry(topology, key));
  const operators = new Map<string, number>();
  for (const { name, kind } of layers) {
    note(`layer ${name}`, kind);
    operators.set(kind, (operators.get(kind) ?? 0) + 1);
  }
  return { metadata, operators: new Map([...operators].sort(([a], [b]) => (a < b ? -1 : 1))) };
}
