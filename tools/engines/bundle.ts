/** Bundles the browser tests for engines that Vitest does not drive: modules and files that any of them can load. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import viteConfig from "../../vite.config.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where the bundle is. */
export const bundleFolder = here("../../out/engines/");

/** Writes `terminal.js` for Node and Deno, and `index.html` for a browser: `index.html?file=lstm-goldens.test.ts`. */
export async function bundleTests(): Promise<void> {
  await build({
    configFile: false,
    logLevel: "error",
    root: here("../.."),
    base: "./",
    resolve: {
      alias: [
        ...(viteConfig.resolve!.alias as { find: RegExp; replacement: string }[]),
        { find: /^vitest$/, replacement: here("vitest.ts") },
      ],
    },
    worker: { format: "es" },
    build: {
      outDir: bundleFolder,
      emptyOutDir: true,
      target: "esnext",
      minify: false,
      assetsInlineLimit: 0,
      modulePreload: false,
      rolldownOptions: {
        input: { terminal: here("terminal.ts"), page: here("page.ts") },
        external: ["webgpu", /^node:/],
        // The package says that its modules have no side effects; its tests have.
        treeshake: false,
        output: { entryFileNames: "[name].js", assetFileNames: "assets/[name][extname]" },
      },
    },
  });
  writeFileSync(
    `${bundleFolder}index.html`,
    '<!doctype html><meta charset="utf-8"><title>tests</title><script type="module" src="page.js"></script>\n',
  );
}
