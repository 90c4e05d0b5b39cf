import { checkNoMore } from "../checks.ts";
import { OnDemand } from "../ondemand.ts";
import type { FileInfo } from "./file-info.ts";

const inspecting = /* @__PURE__ */ new OnDemand(() => import("./keras/inspect.ts"));

/**
 * {@link inspect} for the files of Keras, with their tensors: HDF5 is read by the npm package `jsfive`, which must be installed and loads on
 * demand. No tensor is read, and layers that `loadKeras` refuses are listed too.
 * @throws DataError for a file that is damaged, no model of Keras, or wants more memory than four times its size and 16 MiB;
 * WebGpuLstmError where `jsfive` is not installed.
 *
 * @example
 * const { tensors, operators } = await inspectKeras(await file.arrayBuffer());
 */
export async function inspectKeras(bytes: Uint8Array | ArrayBuffer, ...more: never[]): Promise<FileInfo> {
  checkNoMore("inspectKeras", more);
  await inspecting.load();
  return inspecting.module.inspectKerasFile(bytes);
}
