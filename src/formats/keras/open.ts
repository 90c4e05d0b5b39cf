/** The part of `loadKeras` that loads on demand: turns Keras' own files into what `loadTfjs` reads. */
import { isObject, quote, show } from "../../checks.ts";
import { Budget } from "../budget.ts";
import { type Refuse, refuser, viewOf } from "../refuse.ts";
import { entry, LayerFile } from "../tfjs/layer-file.ts";
import type { TfjsModel } from "../tfjs/model.ts";
import { modelFileOf } from "../tfjs/model-file.ts";
import { openLayers } from "../tfjs/open.ts";
import { isZip } from "../zip.ts";
import { archiveOf, type Description, descriptionOf } from "./description.ts";
import { type Hdf5File, type Hdf5Tensor, type Hdf5Values, readHdf5 } from "./hdf5.ts";

const WHERE = "loadKeras";

/** A tensor under the name that a layer looks for. */
type Named<T extends Hdf5Tensor> = T & { readonly name: string };

/** A model's description, and its weights. */
export interface KerasFile<T extends Hdf5Tensor = Hdf5Values> {
  readonly topology: Readonly<Record<string, unknown>>;
  readonly weights: readonly Named<T>[];
}

/** Reads HDF5, or lists what is in it. */
type Reader<T extends Hdf5Tensor> = (
  where: string,
  bytes: Uint8Array,
  top: readonly string[],
  budget: Budget,
  refuse: Refuse,
) => Promise<Hdf5File<T>>;

interface ReadOptions {
  /** Whether a weight that belongs to nothing of its layer is refused; else it is named by its place in the file. Default true. */
  readonly strict?: boolean;
}

export async function openKeras(input: Uint8Array | ArrayBuffer): Promise<TfjsModel> {
  const bytes = viewOf(WHERE, input);
  const refuse = refuserFor(WHERE, bytes);
  const budget = new Budget(bytes.length, refuse);
  return modelOf(await readKeras(WHERE, bytes, readHdf5, budget, refuse), budget, refuse);
}

export function refuserFor(where: string, bytes: Uint8Array): Refuse {
  return refuser(where, isZip(bytes) ? "the .keras file" : "the .h5 file");
}

/** The model that a file describes. */
export function modelOf({ topology, weights }: KerasFile, budget: Budget, refuse: Refuse): TfjsModel {
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

/** The description and the weights of a file of either kind. */
export async function readKeras<T extends Hdf5Tensor>(
  where: string,
  bytes: Uint8Array,
  hdf5: Reader<T>,
  budget: Budget,
  refuse: Refuse,
  options: ReadOptions = {},
): Promise<KerasFile<T>> {
  if (!isZip(bytes)) return wholeFile(await hdf5(where, bytes, ["model_weights"], budget, refuse), refuse);
  const read = archiveOf(bytes, refuse);
  const description = descriptionOf(read("config.json"), read("metadata.json"), refuse);
  const file = await hdf5(where, read("model.weights.h5"), ["layers"], budget, refuse);
  return withWeights(description, file, refuse, options);
}

/** Keras 3 saves each weight under its layer's class and position. */
export function withWeights<T extends Hdf5Tensor>(
  { topology, layers }: Description,
  file: Hdf5File<T>,
  refuse: Refuse,
  options: ReadOptions = {},
): KerasFile<T> {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const weights = file.tensors.flatMap((tensor) => named(tensor, file.names, byName, refuse, options));
  return { topology, weights };
}

/** A tensor `layers/gru_1/cell/vars/0` as `gru_1/cell/kernel`, by the name that the layer has in the description. */
function named<T extends Hdf5Tensor>(
  tensor: T,
  names: ReadonlyMap<string, string>,
  layers: ReadonlyMap<string, LayerFile>,
  refuse: Refuse,
  { strict = true }: ReadOptions,
): Named<T>[] {
  const { path } = tensor;
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
  const own = rest.at(-2) === "vars" ? weightNames(layer, parts)[index] : undefined;
  // What no layer here takes is listed by its place.
  if (own === undefined && !strict) return [{ ...tensor, name: [layer.name, ...rest].join("/") }];
  if (own === undefined) {
    throw refuse(`the weight ${shown} belongs to nothing of the layer ${quote(layer.name, 60)}`);
  }
  // Keras 3 keeps the layer of a TimeDistributed under `layer`; the names of TensorFlow.js and of older files do not have it.
  const named = parts.filter((part) => part !== "layer");
  return [{ ...tensor, name: [layer.name, ...named, own].join("/") }];
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
export function wholeFile<T extends Hdf5Tensor>(
  { attributes, tensors }: Hdf5File<T>,
  refuse: Refuse,
): KerasFile<T> {
  const { model_config: config, keras_version: version } = attributes;
  if (typeof config !== "string") {
    throw refuse(
      `it has no model_config, got ${show(config)}; a file of save_weights holds no model, so save it with model.save`,
    );
  }
  const { root } = modelFileOf(config, refuse);
  // The first two names are those of the groups of all weights and of the layer.
  const weights = tensors.map((tensor) => ({ ...tensor, name: tensor.path.slice(2).join("/") }));
  return { topology: { keras_version: version, model_config: root }, weights };
}
