/**
 * WebGPU in Node: Dawn (npm package `webgpu`) on the machine's own GPU, or on the SwiftShader of `@sparticuz/chromium`.
 */
import { constants } from "node:os";
import { packagedChromium } from "./packaged-chromium.ts";

/** glibc's flag that keeps a library loaded after `dlclose`. */
const RTLD_NODELETE = 0x1000;

/** Keeps the GPU objects alive: Dawn crashes if one is collected before its devices. */
const opened: GPU[] = [];

/**
 * A `GPU` object as `navigator.gpu` is in a browser: `Device.request({ gpu: await openGpu() })`.
 *
 * It is the machine's GPU if Vulkan, Metal or D3D offers one; otherwise, or with `WEBGPU_ADAPTER=software`, it is
 * the packaged SwiftShader. `WEBGPU_ADAPTER=hardware` refuses software.
 */
export async function openGpu(): Promise<GPU> {
  const wanted = process.env.WEBGPU_ADAPTER ?? "any";
  if (!["any", "hardware", "software"].includes(wanted)) {
    throw new Error(`openGpu: WEBGPU_ADAPTER must be "hardware" or "software", got "${wanted}"`);
  }
  const { create, globals } = await import("webgpu");
  // The constants (GPUBufferUsage, GPUMapMode, ...) are globals in a browser.
  Object.assign(globalThis, globals);

  if (wanted !== "software" && (process.platform !== "linux" || keepLoaded("libvulkan.so.1"))) {
    const gpu = create([]);
    opened.push(gpu);
    if (await gpu.requestAdapter()) return gpu;
  }
  if (wanted === "hardware")
    throw new Error("openGpu: no GPU adapter here; unset WEBGPU_ADAPTER to use software");
  try {
    await useSwiftshader();
  } catch (error) {
    throw new Error(
      "openGpu: no GPU adapter, and no packaged software one: install a GPU driver (Vulkan, Metal or D3D12), " +
        `or run on linux x64 (${error instanceof Error ? error.message : error})`,
      { cause: error },
    );
  }
  const gpu = create(["backend=vulkan"]);
  opened.push(gpu);
  if (await gpu.requestAdapter()) return gpu;
  throw new Error("openGpu: the packaged SwiftShader gave no adapter; run `npm ci` and try again");
}

/** Points the Vulkan loader at SwiftShader, and loads the packaged loader if the system has none. */
async function useSwiftshader(): Promise<void> {
  const { swiftshaderManifest, vulkanLoader } = await packagedChromium();
  process.env.VK_DRIVER_FILES = swiftshaderManifest;
  process.env.VK_ICD_FILENAMES = swiftshaderManifest;
  if (!keepLoaded("libvulkan.so.1") && !keepLoaded(vulkanLoader))
    throw new Error(`cannot load ${vulkanLoader}`);
}

/**
 * Loads a shared library into the process permanently; returns false if there is none.
 *
 * Dawn opens "libvulkan.so.1" by its name, and finds a library that is already in the process, whatever its path. So no
 * LD_LIBRARY_PATH is needed, which would have to be set before Node starts. `process.dlopen` expects an addon and throws
 * for any other library, but only after loading it.
 */
function keepLoaded(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
    return true;
  } catch (error) {
    return String(error).includes("did not self-register");
  }
}
