/** The part of `loadKeras` that loads on demand: turns Keras' own files into what `loadTfjs` reads. */
import { isObject, quote, show } from "../../checks.ts";
import { Budget } from "../budget.ts";
import { type Refuse, refuser, viewOf } from "../refuse.ts";
import { entry, LayerFile } from "../tfjs/layer-file.ts";
import type { TfjsModel } from "../tfjs/model.ts";
import { modelFileOf } from "../tfjs/model-file.ts";
import { openLayers } from "../tfjs/open.ts";
import { topologyOf } from "../tfjs/topology.ts";
import { isZip, readZip, storedBytes } from "../zip.ts";
import { type Hdf5File, type Hdf5Tensor, readHdf5 } from "./hdf5.ts";

const WHERE = "loadKeras";

/** A tensor under the name that a layer looks for. */
interface NamedTensor extends Pick<Hdf5Tensor, "shape" | "values"> {
  readonly name: string;
}

/** A model's description, and its weights. */
interface KerasFile {
  readonly topology: Readonly<Record<string, unknown>>;
  readonly weights: readonly NamedTensor[];
}

export async function openKeras(input: Uint8Array | ArrayBuffer): Promise<TfjsModel> {
  const bytes = viewOf(WHERE, input);
  const isArchive = isZip(bytes);
  const refuse = refuser(WHERE, isArchive ? "the .keras file" : "the .h5 file");
  const budget = new Budget(bytes.length, refuse);
  const { topology, weights } = isArchive
    ? await fromArchive(bytes, budget, refuse)
    : await fromHdf5(bytes, budget, refuse);
  const listed = weights.map(({ name, shape }) => ({ name, shape, dtype: "float32" }));
  const model = { modelTopology: topology, weightsManifest: [{ paths: ["weights"], weights: listed }] };
  const size = weights.reduce((sum, { values }) => sum + values.length, 0);
  budget.spend(4 * size, "its weights");
  const all = new Float32Array(size);
  let at = 0;
  for (const { values } of weights) {
    all.set(values, at);
    at += values.length;
  }
  return openLayers(WHERE, refuse, model, new Uint8Array(all.buffer));
}

/** Keras 3: an archive with the model's description and its weights, each under its layer's class and position. */
async function fromArchive(bytes: Uint8Array, budget: Budget, refuse: Refuse): Promise<KerasFile> {
  const files = readZip(bytes, refuse);
  const read = (name: string) => {
    const file = files.get(name);
    if (!file) throw refuse(`it has no ${name}; it is damaged, or no model that Keras 3 saved`);
    return storedBytes(file, refuse);
  };
  const { root } = modelFileOf(read("config.json"), refuse);
  const { root: metadata } = modelFileOf(read("metadata.json"), refuse);
  const topology = { keras_version: entry(metadata, "keras_version"), model_config: root };
  const layers = new Map(topologyOf(topology, refuse).layers.map((layer) => [layer.name, layer]));
  const file = await readHdf5(WHERE, read("model.weights.h5"), ["layers"], budget, refuse);
  return { topology, weights: file.tensors.flatMap((tensor) => named(tensor, file, layers, refuse)) };
}

/** A tensor `layers/gru_1/cell/vars/0` as `gru_1/cell/kernel`, by the name that the layer has in the description. */
function named(
  tensor: Hdf5Tensor,
  { names }: Hdf5File,
  layers: ReadonlyMap<string, LayerFile>,
  refuse: Refuse,
): NamedTensor[] {
  const { path, shape, values } = tensor;
  const shown = quote(path.join("/"), 80);
  // A dropout's random numbers.
  if (path.includes("seed_generator")) return [];
  const [, folder, ...rest] = path as [string, string, ...string[]];
  const layerName = names.get(`layers/${folder}/vars`);
  const layer = layerName === undefined ? undefined : layers.get(layerName);
  if (!layer) {
    throw refuse(
      `it does not say of which layer the weight ${shown} is; save the model again with a newer Keras 3`,
    );
  }
  const parts = rest.slice(0, -2);
  const index = Number(rest.at(-1));
  const own = weightNames(layer, parts)[index];
  if (rest.at(-2) !== "vars" || own === undefined) {
    throw refuse(`the weight ${shown} belongs to nothing of the layer ${quote(layer.name, 60)}`);
  }
  return [{ name: [layer.name, ...parts, own].join("/"), shape, values }];
}

/** The weights of a layer, or of a layer within it, in the order in which Keras saves them. */
function weightNames(layer: LayerFile, parts: readonly string[]): readonly string[] {
  const [part, ...rest] = parts;
  if (part === "cell") return ["kernel", "recurrent_kernel", "bias"];
  if (part === "layer" || part === "forward_layer" || part === "backward_layer") {
    const inner = entry(layer.config, "layer");
    const config = isObject(inner) ? entry(inner, "config") : undefined;
    const kind = isObject(inner) ? entry(inner, "class_name") : undefined;
    if (!isObject(config) || typeof kind !== "string") return [];
    return weightNames(new LayerFile(layer.name, kind, config, true), rest);
  }
  if (part !== undefined) return [];
  if (layer.kind === "Embedding") return ["embeddings"];
  const isNorm = layer.kind === "LayerNormalization" || layer.kind === "BatchNormalization";
  if (!isNorm) return ["kernel", "bias"];
  const has = (key: string) => entry(layer.config, key) !== false;
  return [
    ...(has("scale") ? ["gamma"] : []),
    ...(has("center") ? ["beta"] : []),
    ...(layer.kind === "BatchNormalization" ? ["moving_mean", "moving_variance"] : []),
  ];
}

/** A whole model in HDF5, as Keras 2 saves and Keras 3 still can: weights have their names. */
async function fromHdf5(bytes: Uint8Array, budget: Budget, refuse: Refuse): Promise<KerasFile> {
  const { attributes, tensors } = await readHdf5(WHERE, bytes, ["model_weights"], budget, refuse);
  const { model_config: config, keras_version: version } = attributes;
  if (typeof config !== "string") {
    throw refuse(
      `it has no model_config, got ${show(config)}; a file of save_weights holds no model, so save it with model.save`,
    );
  }
  const { root } = modelFileOf(config, refuse);
  // The first two names are those of the groups of all weights and of the layer.
  const weights = tensors.map(({ path, ...rest }) => ({ ...rest, name: path.slice(2).join("/") }));
  return { topology: { keras_version: version, model_config: root }, weights };
}
