/** WebGPU in Node, on the adapter that `WEBGPU_ADAPTER` asks for: `hardware`, `software`, or by default the first there is. */
import { type AdapterKind, openGpu as open } from "webgpu-lstm/node";

/** A `GPU` object as `navigator.gpu` is in a browser: `Device.request({ gpu: await openGpu() })`. */
export function openGpu(): Promise<GPU> {
  return open("WEBGPU_ADAPTER", process.env.WEBGPU_ADAPTER as AdapterKind | undefined);
}
