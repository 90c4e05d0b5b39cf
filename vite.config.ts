import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** The package's entries by their names, from their sources: for tests, the demo, the examples and the benchmarks. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^webgpu-lstm$/, replacement: source("index.ts") },
      { find: /^webgpu-lstm\/worker$/, replacement: source("worker/index.ts") },
      { find: /^webgpu-lstm\/node$/, replacement: source("node/index.ts") },
      { find: /^webgpu-lstm\/formats$/, replacement: source("formats/index.ts") },
      { find: /^webgpu-lstm\/search$/, replacement: source("search/index.ts") },
      { find: /^webgpu-lstm\/search\/node$/, replacement: source("search/node/index.ts") },
    ],
  },
});
