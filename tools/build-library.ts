/**
 * Builds the library as it is published, into `dist/`: every module of `src/` by itself, so that a bundler leaves out what an app does
 * not use; and in `dist/bundle/` the same bundled, for a page without a bundler.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { build } from "vite";
import { withNames } from "./class-names.ts";
import { withoutComments } from "./wgsl-comments.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Declarations that the package's `exports` name. */
const ENTRIES = ["", "nn", "optim", "data", "worker", "node", "formats", "search", "search/node"].map(
  (folder) => join(folder, "index.d.ts"),
);

/** Emits the modules of `src/`, their declarations and source maps into a folder. */
export function emitModules(dist: string): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const args = [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", dist];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) throw new Error("the library does not compile");
  for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    const file = join(dist, name);
    if (name.endsWith(".d.ts")) writeFileSync(file, declarations(name, readFileSync(file, "utf8")));
    if (name.endsWith(".wgsl.js")) writeFileSync(file, withTexts(name, readFileSync(file, "utf8")));
    else if (name.endsWith(".js")) writeFileSync(file, withNames(name, readFileSync(file, "utf8")));
  }
  inlineProtobuf(dist);
}

/** Puts the library that reads and writes protobuf into the one module that imports it, with its licence beside it. */
function inlineProtobuf(dist: string): void {
  const file = join(dist, "formats/onnx/wire.js");
  const banner = "// Parts of @bufbuild/protobuf, Apache-2.0 AND BSD-3-Clause: see wire.LICENSE.txt.";
  buildSync({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    banner: { js: banner },
    nodePaths: [join(root, "node_modules")],
  });
  rmSync(`${file}.map`);
  copyFileSync(join(root, "tools/licenses/protobuf.txt"), join(dist, "formats/onnx/wire.LICENSE.txt"));
}

/** TypeScript leaves `./tensor.ts` in a declaration; a consumer's compiler finds `tensor.d.ts` under the name `./tensor.js`. */
function declarations(name: string, text: string): string {
  const renamed = text.replace(/(\bfrom |\bimport\()"(\.[^"]+)\.ts"/g, '$1"$2.js"');
  // `Symbol.dispose` is in no lib that a consumer has by default.
  return (ENTRIES.includes(name) ? '/// <reference lib="esnext.disposable" />\n' : "") + renamed;
}

/** A module that exports shaders, with their texts in place of Vite's `?raw` imports. */
function withTexts(name: string, code: string): string {
  const folder = dirname(join(root, "src", name));
  return code.replace(/export \{ default as (\w+) \} from "([^"]+)\?raw";/g, (_, exported, path) => {
    const text = withoutComments(readFileSync(join(folder, path), "utf8"));
    return `export const ${exported} = ${JSON.stringify(text)};`;
  });
}

/** Bundles what {@link emitModules} gave: both entries, what they share, and a chunk for what loads on demand. */
export async function bundle(dist: string): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    build: {
      outDir: join(dist, "bundle"),
      target: "es2022",
      sourcemap: true,
      lib: {
        entry: { index: join(dist, "index.js"), worker: join(dist, "worker/index.js") },
        formats: ["es"],
      },
      rolldownOptions: { output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" } },
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = join(root, "dist");
  rmSync(dist, { recursive: true, force: true });
  emitModules(dist);
  await bundle(dist);
}
