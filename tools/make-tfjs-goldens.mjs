#!/usr/bin/env node
/**
 * Writes test/goldens/tfjs.json: run `node tools/make-tfjs-goldens.mjs` from the repository root. TensorFlow.js is bundled first, since in
 * Node its packages do not share one copy of its core.
 */
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const outfile = join(tmpdir(), "webgpu-lstm-tfjs-goldens.cjs");
await build({
  entryPoints: ["tools/goldens/tfjs.ts"],
  outfile,
  bundle: true,
  platform: "node",
  format: "cjs",
  mainFields: ["module", "main"],
  logLevel: "error",
});
await createRequire(import.meta.url)(outfile).main("test/goldens/tfjs.json");
