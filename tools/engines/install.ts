/** Finds what the engines need, and installs it where it is missing and can be: Debian's packages by apt, Deno by npm. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { aptGet, install } from "../install.ts";
import { LAVAPIPE } from "../node-device.ts";
import { packagedChromium } from "../packaged-chromium.ts";

/** Who asks for it. */
const WHO = "test:engines or test:firefox";

/** The variables that point a Vulkan loader at one driver. */
type Driver = Readonly<Record<"VK_DRIVER_FILES" | "VK_ICD_FILENAMES", string>>;

const DENO = "2.9.6";

/** Mesa's software driver, of a version that has what Dawn asks for: Debian 12 has it in its backports. */
export function lavapipe(): Driver {
  if (!existsSync(LAVAPIPE)) {
    addBackports();
    aptGet(
      WHO,
      "install",
      "--no-install-recommends",
      "-t",
      "bookworm-backports",
      "mesa-vulkan-drivers",
      "libvulkan1",
    );
  }
  return { VK_DRIVER_FILES: LAVAPIPE, VK_ICD_FILENAMES: LAVAPIPE };
}

/** The software driver that comes with the tests' Chromium, and the loader beside it for systems without one. */
export async function swiftshader(): Promise<Driver & { readonly LD_LIBRARY_PATH: string }> {
  const { swiftshaderManifest, folder } = await packagedChromium();
  return {
    VK_DRIVER_FILES: swiftshaderManifest,
    VK_ICD_FILENAMES: swiftshaderManifest,
    LD_LIBRARY_PATH: folder,
  };
}

export function findFirefox(): string {
  const path = process.env.FIREFOX_PATH ?? "/usr/bin/firefox-esr";
  if (!existsSync(path)) {
    aptGet(WHO, "update");
    aptGet(WHO, "install", "--no-install-recommends", "firefox-esr");
  }
  return path;
}

export function findDeno(): { readonly program: string; readonly version: string } {
  const folder = fileURLToPath(new URL("../../out/deno/", import.meta.url));
  const program = `${folder}node_modules/@deno/linux-x64-glibc/deno`;
  if (!existsSync(program)) {
    const options = ["--no-save", "--no-package-lock", "--prefix", folder];
    install(WHO, "npm", ["install", ...options, `deno@${DENO}`], "an npm registry");
  }
  return { program, version: `Deno ${DENO}` };
}

/** Adds Debian's backports from where the machine has its Debian from. */
function addBackports(): void {
  const own = "/etc/apt/sources.list.d/debian.sources";
  if (!existsSync(own)) return;
  const suites = readFileSync(own, "utf8");
  if (suites.includes("bookworm-backports")) return;
  const [first] = suites.split("\n\n");
  const added = first!.replace(/^Suites:.*$/m, "Suites: bookworm-backports");
  writeFileSync("/etc/apt/sources.list.d/backports.sources", `${added}\n`);
  aptGet(WHO, "update");
}
