import { constants } from "node:os";
import { show } from "../checks.ts";
import { NoAdapterError, OptionError, WebGpuUnavailableError } from "../errors.ts";
import { readInfo } from "../gpu/request.ts";
import { installedSwiftshader } from "./swiftshader.ts";

/** Which adapter to take: the machine's GPU alone, one that computes on the CPU alone, or the first if there is one, else the second. */
export type AdapterKind = "any" | "hardware" | "software";

const KINDS: readonly unknown[] = ["any", "hardware", "software"];

/** glibc's flag that keeps a library loaded after `dlclose`. */
const RTLD_NODELETE = 0x1000;

/**
 * A `GPU` object as `navigator.gpu` is in a browser: Dawn's, from the npm package `webgpu`.
 * @param where What errors name.
 * @internal
 */
export async function openGpu(where: string, kind: AdapterKind = "any"): Promise<GPU> {
  if (!KINDS.includes(kind)) {
    throw new OptionError(`${where}: adapter must be one of ${KINDS.join(", ")}, got ${show(kind)}`);
  }
  const dawn = await loadDawn(where);
  const create: Create = (flags) => {
    const gpu = dawn.create(flags);
    created.push(gpu);
    return gpu;
  };
  const hasLoader = process.platform !== "linux" || keepLoaded("libvulkan.so.1");
  if (kind !== "software" && hasLoader) {
    const gpu = create([]);
    const adapter = await gpu.requestAdapter();
    if (adapter && !readInfo(adapter.info).software) return gpu;
  }
  if (kind !== "hardware") {
    const gpu = (await withSwiftshader(create, hasLoader)) ?? (hasLoader ? onSystem(create) : null);
    if (await gpu?.requestAdapter()) return gpu!;
  }
  const missing = kind === "any" ? "GPU adapter" : `${kind} adapter`;
  throw new NoAdapterError(
    `${where}: this machine has no ${missing}; install a driver with Vulkan (Linux), Metal (macOS) or Direct3D 12 (Windows)` +
      (kind === "hardware"
        ? ', or allow software with { adapter: "any" }'
        : "; for software on Linux x64 npm install @sparticuz/chromium, or install mesa-vulkan-drivers"),
  );
}

type Create = typeof import("webgpu").create;

/** Dawn crashes if a GPU object is collected before its adapters. */
const created: GPU[] = [];

async function loadDawn(where: string): Promise<{ create: Create }> {
  try {
    return await import("webgpu");
  } catch (cause) {
    throw new WebGpuUnavailableError(
      `${where}: the npm package webgpu could not be loaded (${(cause as Error).message}); npm install webgpu`,
      { cause },
    );
  }
}

/** A GPU on the installed SwiftShader, with its own Vulkan loader if the system has none; `null` where it is not installed. */
async function withSwiftshader(create: Create, hasLoader: boolean): Promise<GPU | null> {
  const found = await installedSwiftshader();
  if (!found || !(hasLoader || keepLoaded(found.loader))) return null;
  // The loader reads its drivers from here when Dawn makes its Vulkan instance.
  const names = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) process.env[name] = found.manifest;
  try {
    const gpu = create(["backend=vulkan"]);
    return (await gpu.requestAdapter()) ? gpu : null;
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** A GPU on a software driver of the system, such as Mesa's lavapipe. */
function onSystem(create: Create): GPU {
  const gpu = create([]);
  const requestAdapter: GPU["requestAdapter"] = (options) =>
    gpu.requestAdapter({ ...options, forceFallbackAdapter: true });
  return { requestAdapter } as GPU;
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
