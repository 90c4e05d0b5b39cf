/** Serves the built demo as a static site from a sub-folder. */
import { join } from "node:path";
import type { Page } from "playwright/test";
import { build } from "vite";
import { type StaticSite, serveFolder } from "../static-site.ts";

export interface Site extends StaticSite {
  /** Failed requests and uncaught errors since {@link watch}. */
  readonly failed: readonly string[];
  watch(page: Page): void;
}

/** Builds the demo into a folder and serves it until it is disposed. */
export async function openSite(folder: string): Promise<Site> {
  const outDir = join(folder, "site");
  const configFile = "demo/vite.config.ts";
  await build({ configFile, logLevel: "error", build: { outDir, emptyOutDir: true } });
  const failed: string[] = [];
  return Object.assign(await serveFolder(outDir, "/some/where/"), {
    failed,
    watch(page: Page) {
      page.on("response", (response) => {
        if (!response.ok()) failed.push(response.url());
      });
      page.on("pageerror", (error) => failed.push(error.message));
    },
  });
}
