import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** The library build: one ESM file with the WGSL inlined. Types are emitted beside it by `tsc`. */
export default defineConfig({
  resolve: { alias: { "webgpu-lstm": fileURLToPath(new URL("./src/index.ts", import.meta.url)) } },
  build: {
    lib: { entry: "src/index.ts", formats: ["es"], fileName: "index" },
    target: "es2022",
    sourcemap: true,
    minify: false,
  },
});
