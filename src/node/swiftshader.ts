import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { untar } from "./untar.ts";

/** Files of SwiftShader, a software driver for Vulkan. */
export interface Swiftshader {
  /** The manifest by which a Vulkan loader finds it. */
  readonly manifest: string;
  /** A Vulkan loader, for machines without one. */
  readonly loader: string;
}

/** The SwiftShader of an installed npm package `@sparticuz/chromium`, unpacked at the first call; `null` where there is none. */
export async function installedSwiftshader(): Promise<Swiftshader | null> {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  const source = packageFolder();
  if (!source) return null;
  const { version } = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as { version: string };
  const folder = join(cacheFolder(), `swiftshader-${version}`);
  if (!existsSync(folder)) await unpack(join(source, "bin/swiftshader.tar.br"), folder);
  return { manifest: join(folder, "vk_swiftshader_icd.json"), loader: join(folder, "libvulkan.so.1") };
}

/** The package's folder, as seen from the app or from this library. */
function packageFolder(): string | null {
  for (const from of [join(process.cwd(), "app.js"), import.meta.url]) {
    try {
      let folder = dirname(createRequire(from).resolve("@sparticuz/chromium"));
      while (!existsSync(join(folder, "bin"))) {
        if (folder === dirname(folder)) break;
        folder = dirname(folder);
      }
      if (existsSync(join(folder, "bin/swiftshader.tar.br"))) return folder;
    } catch {
      // Not installed there.
    }
  }
  return null;
}

/** A folder that belongs to this user, since a library is loaded from it. */
function cacheFolder(): string {
  const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "webgpu-lstm");
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch {
    return mkdtempSync(join(tmpdir(), "webgpu-lstm-"));
  }
}

/** Unpacks beside the destination and renames, so that no process finds half of it. */
async function unpack(archive: string, destination: string): Promise<void> {
  const folder = mkdtempSync(`${destination}-`);
  try {
    untar(await promisify(brotliDecompress)(readFileSync(archive)), folder);
    renameSync(folder, destination);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    // Another process may have finished first.
    if (!existsSync(destination)) throw error;
  }
}
