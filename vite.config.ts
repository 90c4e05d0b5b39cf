import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { wgslComments } from "./tools/wgsl-comments.ts";

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** The library build: ESM, an entry for the library and one for workers, the WGSL inlined. Types are emitted beside it by `tsc`. */
export default defineConfig({
  plugins: [wgslComments()],
  resolve: {
    alias: [
      { find: /^webgpu-lstm$/, replacement: source("index.ts") },
      { find: /^webgpu-lstm\/worker$/, replacement: source("worker/index.ts") },
    ],
  },
  build: {
    lib: { entry: { index: "src/index.ts", worker: "src/worker/index.ts" }, formats: ["es"] },
    // Both entries share their classes, so that instanceof holds between them.
    rolldownOptions: { output: { entryFileNames: "[name].js", chunkFileNames: "shared-[hash].js" } },
    target: "es2022",
    sourcemap: true,
    minify: false,
  },
});
