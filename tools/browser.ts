/**
 * Finds the Chromium that the tests run in, and the flags under which it offers WebGPU without a GPU.
 *
 * In this order: `CHROMIUM_PATH`; Playwright's own, if it has been downloaded; the system's; on Linux x64 the one in
 * the npm package `@sparticuz/chromium`, so that a machine with nothing but Node and npm's registry can run the tests.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright";
import { packagedChromium } from "./packaged-chromium.ts";

/** The values for Playwright's `launchOptions`. */
export interface Browser {
  readonly executablePath: string;
  readonly args: string[];
  readonly env: Record<string, string>;
  /** Where it was found. */
  readonly source: "CHROMIUM_PATH" | "playwright" | "system" | "package";
}

/** From this version on, every Chromium has WebGPU compute with default limits and a flag for its software adapter. */
const oldestMajor = 120;

/**
 * Software WebGPU (SwiftShader) unless `WEBGPU_ADAPTER=hardware`: results then depend on no driver.
 * The other flags keep the browser from network requests, which are slow behind a firewall, and set its language:
 * under LANG=C it would call its own "en-US@posix", which Intl refuses.
 */
function webgpuArgs(): string[] {
  const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const base = ["--no-sandbox", "--enable-unsafe-webgpu", "--accept-lang=en-US", ...quiet];
  if (process.env.WEBGPU_ADAPTER !== "hardware") return [...base, "--use-webgpu-adapter=swiftshader"];
  return process.platform === "linux"
    ? [...base, "--enable-features=Vulkan", "--ignore-gpu-blocklist"]
    : base;
}

/** Finds the browser, and unpacks the packaged one if it is chosen. Throws an error that says what to install. */
export async function findBrowser(): Promise<Browser> {
  const found = (
    source: Browser["source"],
    executablePath: string,
    env: Record<string, string> = {},
  ): Browser => ({
    executablePath,
    args: webgpuArgs(),
    env: { ...inheritedEnv(), ...env },
    source,
  });

  const given = process.env.CHROMIUM_PATH;
  if (given) {
    if (existsSync(given)) return found("CHROMIUM_PATH", given);
    throw new Error(
      `CHROMIUM_PATH is ${given}, and there is no such file; unset it or point it at a Chromium`,
    );
  }
  if (existsSync(chromium.executablePath())) return found("playwright", chromium.executablePath());
  const installed = systemCandidates().find((path) => existsSync(path) && isRecent(path));
  if (installed) return found("system", installed);
  try {
    const packaged = await packagedChromium();
    return found("package", packaged.executable, {
      LD_LIBRARY_PATH: [packaged.libraryPath, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
      ...(existsSync("/etc/fonts/fonts.conf") ? {} : { FONTCONFIG_PATH: packaged.fonts }),
    });
  } catch (error) {
    throw new Error(
      "no Chromium to run the tests in: run `npx playwright install chromium`, install Chrome or Chromium " +
        `${oldestMajor} or later, or set CHROMIUM_PATH (${error instanceof Error ? error.message : error})`,
      { cause: error },
    );
  }
}

function inheritedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((e): e is [string, string] => e[1] !== undefined),
  );
}

function systemCandidates(): string[] {
  if (process.platform === "darwin") {
    return ["Google Chrome", "Chromium"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  }
  if (process.platform === "win32") {
    const roots = [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA];
    return roots
      .filter((root) => root !== undefined)
      .map((root) => join(root, "Google/Chrome/Application/chrome.exe"));
  }
  const names = ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"];
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/opt/google/chrome"];
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

/** Whether `--version` prints a version that is new enough. Windows' chrome.exe prints nothing and is accepted. */
function isRecent(path: string): boolean {
  if (process.platform === "win32") return true;
  const { stdout, status } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 10_000 });
  return status === 0 && Number(/\s(\d+)\.\d+\./.exec(stdout)?.[1] ?? 0) >= oldestMajor;
}
