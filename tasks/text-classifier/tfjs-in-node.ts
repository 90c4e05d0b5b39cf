/** TensorFlow.js in Node with its CPU and WASM backends. It is bundled first, since in Node its packages do not share one copy of its core. */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Tf from "@tensorflow/tfjs-core";
import type * as Layers from "@tensorflow/tfjs-layers";

const entry = `
  export * as tf from "@tensorflow/tfjs-core";
  import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
  import "@tensorflow/tfjs-backend-cpu";
  export { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
  export * as layers from "@tensorflow/tfjs-layers";
`;

export interface TfjsInNode {
  readonly tf: typeof Tf;
  readonly layers: typeof Layers;
}

export async function loadTfjsInNode(): Promise<TfjsInNode> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "tfjs-"));
  const outfile = join(folder, "tfjs.cjs");
  try {
    const { build } = await import("esbuild");
    await build({
      stdin: { contents: entry, resolveDir: root },
      outfile,
      bundle: true,
      platform: "node",
      format: "cjs",
      mainFields: ["module", "main"],
      logLevel: "error",
    });
    const bundle = createRequire(import.meta.url)(outfile) as TfjsInNode & {
      setWasmPaths(folder: string): void;
    };
    bundle.setWasmPaths(`${root}node_modules/@tensorflow/tfjs-backend-wasm/dist/`);
    return bundle;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
