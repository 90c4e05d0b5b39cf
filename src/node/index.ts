/**
 * Devices in Node, which has no WebGPU of its own: on Dawn, from the npm package `webgpu`.
 * @packageDocumentation
 */
import { Device, type DeviceOptions } from "../device.ts";
import { type AdapterKind, openGpu } from "./open-gpu.ts";

export type { AdapterKind } from "./open-gpu.ts";
/** @internal */
export { openGpu } from "./open-gpu.ts";

/** Options of {@link openDevice}. */
export interface NodeDeviceOptions extends DeviceOptions {
  /** Which adapter to take. Default `"any"`: the machine's GPU, or if there is none one that computes on the CPU. */
  readonly adapter?: AdapterKind;
}

/**
 * Opens the machine's GPU, or a software adapter where there is no GPU: the SwiftShader of an installed npm package
 * `@sparticuz/chromium` (Linux x64), or a Vulkan driver of the system such as lavapipe. Needs the npm package `webgpu`.
 * @throws `WebGpuUnavailableError` where `webgpu` is not installed, `NoAdapterError` where there is no adapter, and what
 * `Device.request` throws.
 *
 * @example
 * import { openDevice } from "webgpu-lstm/node";
 * const device = await openDevice();
 * console.log(device.describe());
 */
export async function openDevice({ adapter, ...options }: NodeDeviceOptions = {}): Promise<Device> {
  return Device.request({ ...options, gpu: await openGpu("openDevice", adapter) });
}
