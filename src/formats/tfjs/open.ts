/** The part of `loadTfjs` that loads on demand: the reader and the layers. */
import { listed, quote } from "../../checks.ts";
import { GraphError } from "../../errors.ts";
import { Budget } from "../budget.ts";
import { type Refuse, refuser } from "../refuse.ts";
import { entry, type LayerFile, NotComputed } from "./layer-file.ts";
import { makeLayer } from "./layers/index.ts";
import { manifestOf } from "./manifest.ts";
import { type NamedLayer, TfjsModel } from "./model.ts";
import { modelFileOf, topologyIn } from "./model-file.ts";
import { Bytes, shardsOf } from "./shards.ts";
import { labelOf, topologyOf } from "./topology.ts";
import { Weights } from "./weights.ts";

export function openTfjs(model: unknown, weights: unknown): TfjsModel {
  return openLayers("loadTfjs", refuser("loadTfjs", "the model.json"), model, weights);
}

/** The same for the call `where`, whatever file the model comes from. */
export function openLayers(where: string, refuse: Refuse, model: unknown, weights: unknown): TfjsModel {
  const file = modelFileOf(model, refuse);
  const { name, layers, problems } = topologyOf(topologyIn(file, refuse), refuse);
  const manifest = manifestOf(entry(file.root, "weightsManifest"), refuse);
  const bytes = new Bytes(shardsOf(weights, manifest.paths));
  if (bytes.length !== manifest.bytes) {
    throw refuse(
      `its weights take ${manifest.bytes} bytes in ${manifest.paths.length} shards, got ${bytes.length}; a shard is cut off, or of another model`,
    );
  }
  const budget = new Budget(file.bytes + bytes.length, refuse);
  budget.spend(1000 * layers.length, "the list of layers");
  const used = manifest.weights.filter(({ group }) => group !== "optimizer");
  const named = makeLayers(where, layers, new Weights(used, bytes, name, budget), problems);
  return new TfjsModel(named, inputShapeOf(layers));
}

/** Makes all layers. What is not computed here is listed at once. */
function makeLayers(
  where: string,
  layers: readonly LayerFile[],
  weights: Weights,
  before: readonly string[],
): NamedLayer[] {
  const problems = [...before];
  const made: NamedLayer[] = [];
  for (const file of layers) {
    try {
      const module = makeLayer(file, weights);
      if (!file.flag("trainable", true)) module.requiresGrad_(false);
      made.push({ file, module });
    } catch (error) {
      if (!(error instanceof NotComputed)) throw error;
      problems.push(`${labelOf(file)}: ${error.message}`);
    }
  }
  if (layers.length === 0) problems.push("the model has no layers");
  // A layer that is not made leaves its weights; those say nothing more.
  if (problems.length === 0 && weights.left.length > 0) {
    problems.push(`no layer takes the weights ${listed(weights.left.map((name) => quote(name, 80)))}`);
  }
  if (problems.length === 0) return made;
  for (const { module } of made) module.dispose();
  const count = problems.length === 1 ? "one thing" : `${problems.length} things`;
  throw new GraphError(
    `${where}: ${count} in this model cannot be computed here: ${listed(problems, "; ", 1500)}; docs/formats.md lists the layers`,
  );
}

/** Sizes of the first layer's input. */
function inputShapeOf(layers: readonly LayerFile[]): readonly (number | null)[] | null {
  const [first] = layers;
  const given = first?.get("batch_input_shape") ?? first?.get("batch_shape");
  if (!Array.isArray(given) || given.length === 0) return null;
  const isSize = (size: unknown) => size === null || (Number.isSafeInteger(size) && (size as number) > 0);
  return given.every(isSize) ? (given as (number | null)[]) : null;
}
