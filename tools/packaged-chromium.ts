/**
 * Unpacks the Chromium, SwiftShader and Vulkan loader of the npm package `@sparticuz/chromium`, once.
 *
 * The package holds Brotli files for Linux x64. They are unpacked here rather than by the package itself, which writes
 * to fixed names in the temporary folder (no version in the name) and leaves out the libraries outside of AWS.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { untar } from "../src/node/untar.ts";
import { cacheFolder } from "./cache-folder.ts";

const packageFolder = fileURLToPath(new URL("../node_modules/@sparticuz/chromium/", import.meta.url));

/** The folder of the unpacked parts, and the paths of some of its files. */
export interface PackagedChromium {
  readonly folder: string;
  readonly executable: string;
  /** `libvulkan.so.1`, the loader that Dawn opens. */
  readonly vulkanLoader: string;
  /** The manifest that points the loader at SwiftShader. */
  readonly swiftshaderManifest: string;
  /** Folders for `LD_LIBRARY_PATH`: NSS and friends for systems without them, and the loader. */
  readonly libraryPath: string;
  /** Folder for `FONTCONFIG_PATH`, for systems without a single font. */
  readonly fonts: string;
}

/** Unpacks the package at the first call for a version; later calls and other processes use the result. */
export async function packagedChromium(): Promise<PackagedChromium> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `@sparticuz/chromium holds a browser for linux x64 only, this is ${process.platform} ${process.arch}`,
    );
  }
  const manifest = join(packageFolder, "package.json");
  if (!existsSync(manifest)) throw new Error("@sparticuz/chromium is not installed; run `npm ci`");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  const folder = join(cacheFolder(), `chromium-${version}`);
  if (!existsSync(folder)) await unpack(folder);
  return {
    folder,
    executable: join(folder, "chromium"),
    vulkanLoader: join(folder, "libvulkan.so.1"),
    swiftshaderManifest: join(folder, "vk_swiftshader_icd.json"),
    libraryPath: [join(folder, "lib"), folder].join(":"),
    fonts: folder,
  };
}

/** Unpacks beside the destination and renames, so that no process finds half a browser. */
async function unpack(destination: string): Promise<void> {
  const folder = mkdtempSync(`${destination}-`);
  const inflate = async (name: string) =>
    await promisify(brotliDecompress)(readFileSync(join(packageFolder, "bin", name)));
  try {
    const [chromium, ...archives] = await Promise.all(
      ["chromium.br", "swiftshader.tar.br", "al2023.tar.br", "fonts.tar.br"].map(inflate),
    );
    writeFileSync(join(folder, "chromium"), chromium as Buffer, { mode: 0o755 });
    for (const archive of archives) untar(archive, folder);
    chmodSync(folder, 0o755);
    renameSync(folder, destination);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    // Another process has finished first and left a complete copy.
    if (!existsSync(destination)) throw error;
  }
}
