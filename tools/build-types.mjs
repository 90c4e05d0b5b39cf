#!/usr/bin/env node
/**
 * Emits the declarations beside the built library. TypeScript leaves `./tensor.ts` in a declaration as it is written;
 * the package holds `tensor.d.ts`, which a consumer's compiler looks for under the name `./tensor.js`.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const tsc = join(root, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

/** Declarations that the package's `exports` name. */
const entries = ["index.d.ts", join("worker", "index.d.ts")];

for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".d.ts")) continue;
  const file = join(dist, name);
  const text = readFileSync(file, "utf8").replace(/(\bfrom |\bimport\()"(\.[^"]+)\.ts"/g, '$1"$2.js"');
  // `Symbol.dispose` is in no lib that a consumer has by default.
  const head = entries.includes(name) ? '/// <reference lib="esnext.disposable" />\n' : "";
  writeFileSync(file, head + text);
}
