import { checkNoMore } from "../checks.ts";
import { OnDemand } from "../ondemand.ts";
import type { TfjsModel } from "./tfjs/model.ts";

const opening = /* @__PURE__ */ new OnDemand(() => import("./keras/open.ts"));

/**
 * Opens a model that Keras saved: `.keras` of Keras 3, or a whole model as `.h5`. Layers and parameters are those of {@link loadTfjs}. HDF5 is
 * read by the npm package `jsfive`, which must be installed.
 * @throws DataError for a file that is damaged, or wants more memory than four times its size and 16 MiB; GraphError that lists every layer
 * that is not computed here, with the reason; WebGpuLstmError where `jsfive` is not installed.
 *
 * @see https://keras.io/api/models/model_saving_apis/model_saving_and_loading/
 *
 * @example
 * const model = await loadKeras(await (await fetch("classifier.keras")).arrayBuffer());
 * const step = await device.compile(({ x }) => ({ y: model.forward(x) }), { inputs: { x: [1, 20] } });
 */
export async function loadKeras(bytes: Uint8Array | ArrayBuffer, ...more: never[]): Promise<TfjsModel> {
  checkNoMore("loadKeras", more);
  await opening.load();
  return opening.module.openKeras(bytes);
}
