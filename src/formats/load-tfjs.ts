import { checkNoMore } from "../checks.ts";
import { OnDemand } from "../ondemand.ts";
import type { TfjsModel } from "./tfjs/model.ts";
import type { TfjsWeights } from "./tfjs/shards.ts";

const opening = /* @__PURE__ */ new OnDemand(() => import("./tfjs/open.ts"));

/**
 * Opens a layers model of TensorFlow.js, or one that `tensorflowjs_converter` made of a Keras model: Sequential, or Functional where each layer
 * takes the output of the one before. docs/formats.md lists the layers. The model begins in evaluation mode; `train()` turns dropout on and
 * makes batch normalization use the batch.
 * @param model The `model.json`: its bytes, its text, or what `JSON.parse` gives.
 * @param weights The shards that it names: a list in its order, an object or a Map by path, or one array with all of them.
 * @throws DataError for files that are damaged, do not belong together, or want more memory than four times their size and 16 MiB;
 * GraphError that lists every layer that is not computed here, with the reason.
 *
 * @see https://www.tensorflow.org/js/guide/save_load
 *
 * @example
 * const json = await (await fetch("model.json")).json();
 * const shard = await (await fetch("group1-shard1of1.bin")).arrayBuffer();
 * const model = await loadTfjs(json, [shard]);
 * const step = await device.compile(({ x }) => ({ y: model.forward(x) }), { inputs: { x: [1, 20] } });
 */
export async function loadTfjs(
  model: Uint8Array | ArrayBuffer | string | object,
  weights: TfjsWeights,
  ...more: never[]
): Promise<TfjsModel> {
  checkNoMore("loadTfjs", more);
  await opening.load();
  return opening.module.openTfjs(model, weights);
}
