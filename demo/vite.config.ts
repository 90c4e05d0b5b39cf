import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { offline } from "../tools/offline.ts";
import { wgslComments } from "../tools/wgsl-comments.ts";
import library from "../vite.config.ts";

/** What the Compare view loads on demand. */
const TENSORFLOW = ["core", "layers", "backend-webgpu", "backend-wasm"].map(
  (part) => `@tensorflow/tfjs-${part}`,
);

/** TensorFlow.js and models of others are large and only loaded where a visitor asks for them. */
const isStored = (file: string, modules: readonly string[]) =>
  !/\.(wasm|onnx|png)$/.test(file) && !modules.some((name) => name.includes("/@tensorflow/"));

const stored = offline(fileURLToPath(new URL("offline/service-worker.ts", import.meta.url)), isStored);

/**
 * The demo, as a site that works from any path (`base: "./"`).
 * It imports the library from its source, by the name a user would write.
 */
export default defineConfig({
  plugins: [wgslComments(), stored.page],
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  resolve: library.resolve ?? {},
  worker: { format: "es", plugins: () => [wgslComments(), stored.workers] },
  // A fixed list: a dependency discovered at the first visit would reload the page.
  optimizeDeps: { include: ["uplot", "d3-dsv", ...TENSORFLOW] },
  build: {
    outDir: fileURLToPath(new URL("../dist-demo", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
  },
});
