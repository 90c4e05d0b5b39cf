import { show } from "../checks.ts";
import { DeviceLostError, NoAdapterError, OptionError, WebGpuUnavailableError } from "../errors.ts";
import { OnDemand } from "../ondemand.ts";
import type { AdapterInfo } from "./context.ts";

const refusals = /* @__PURE__ */ new OnDemand(() => import("./request-refusals.ts"));

/** The browser's own device object, for an app that has one already. */
export type NativeDevice = GPUDevice;

/** Options that concern the adapter. */
export interface AdapterOptions {
  /** Which adapter to prefer where there are several. Default: the browser's choice. */
  readonly powerPreference?: "low-power" | "high-performance";
  /**
   * The entry to WebGPU; default `navigator.gpu`. Node has none of its own: pass the one of the npm package `webgpu`, or open a device with
   * `openDevice` of `webgpu-lstm/node`.
   */
  readonly gpu?: GPU;
}

/** Limits worth raising where the adapter offers more; everything works at the defaults. */
const RAISED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
] as const;

/** Every entry that a device came from. Dawn ends the process if one is collected before what came from it, even if that is destroyed. */
const entries = new Set<GPU>();

/** Features used where the adapter has them; everything works without. */
const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "subgroups"];

/**
 * Asks for an adapter and a device.
 * @throws {@link WebGpuUnavailableError} where there is no WebGPU, {@link NoAdapterError} where it offers no adapter,
 * {@link DeviceLostError} where the adapter gives no device.
 */
export async function requestGpuDevice(
  options: AdapterOptions,
): Promise<{ gpu: GPUDevice; info: AdapterInfo }> {
  const gpu = options.gpu ?? (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu) {
    await refusals.load();
    throw new WebGpuUnavailableError(refusals.module.unavailable(globalThis.isSecureContext === false));
  }
  const { powerPreference } = options;
  entries.add(gpu);
  const adapter = await gpu.requestAdapter(powerPreference ? { powerPreference } : {});
  if (!adapter) {
    await refusals.load();
    throw new NoAdapterError(refusals.module.noAdapter(!!options.gpu));
  }
  const requiredLimits: Record<string, number> = {};
  for (const name of RAISED_LIMITS) requiredLimits[name] = adapter.limits[name];
  const requiredFeatures = OPTIONAL_FEATURES.filter((feature) => adapter.features.has(feature));
  try {
    const device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
    return { gpu: device, info: readInfo(adapter.info) };
  } catch (cause) {
    await refusals.load();
    throw new DeviceLostError(refusals.module.noDevice((cause as Error).message), { cause });
  }
}

/** What an app's own GPUDevice says of its adapter. */
export async function infoOfDevice(gpu: GPUDevice): Promise<AdapterInfo> {
  if (typeof gpu?.createComputePipelineAsync !== "function") {
    await refusals.load();
    throw new OptionError(refusals.module.noGpuDevice(show(gpu)));
  }
  // Older implementations have no GPUDevice.adapterInfo.
  return readInfo(gpu.adapterInfo as GPUAdapterInfo | undefined);
}

/** What an adapter says of itself. */
export function readInfo(info: GPUAdapterInfo | undefined): AdapterInfo {
  const { vendor = "", architecture = "", device = "", description = "" } = info ?? {};
  const name = `${vendor} ${architecture} ${device} ${description}`.toLowerCase();
  const software =
    info?.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render|\bwarp\b/.test(name);
  return { vendor, architecture, device, description, software };
}

/** Lanes of a subgroup where the device offers subgroups and all have the same size; else 0. */
export function subgroupSizeOf(gpu: NativeDevice): number {
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = (gpu.adapterInfo as GPUAdapterInfo | undefined) ?? {};
  return gpu.features.has("subgroups") && subgroupMinSize === subgroupMaxSize ? subgroupMinSize : 0;
}
