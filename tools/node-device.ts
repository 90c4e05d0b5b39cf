/** WebGPU in Node. */
import { existsSync } from "node:fs";
import { create, globals } from "webgpu";
import { type AdapterKind, openGpu as open } from "webgpu-lstm/node";

/**
 * A `GPU` object as `navigator.gpu` is in a browser: `Device.request({ gpu: await openGpu() })`. Its adapter is what `WEBGPU_ADAPTER` asks for:
 * `hardware`, `software`, or by default the first there is.
 */
export function openGpu(): Promise<GPU> {
  return open("WEBGPU_ADAPTER", process.env.WEBGPU_ADAPTER as AdapterKind | undefined);
}

/** The Vulkan manifest of Mesa's software driver, where Debian's packages put it. */
export const LAVAPIPE = "/usr/share/vulkan/icd.d/lvp_icd.json";

/** A `GPU` object on Mesa's software driver; `null` where it is not installed. The caller must hold it: Dawn crashes if it is collected. */
export async function openLavapipe(): Promise<GPU | null> {
  if (!existsSync(LAVAPIPE)) return null;
  Object.assign(globalThis, globals);
  // The loader reads them when Dawn makes its Vulkan instance, for the first adapter.
  const names = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) process.env[name] = LAVAPIPE;
  try {
    const gpu = create([]);
    return (await gpu.requestAdapter()) ? gpu : null;
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
