/** What a page downloads before its first step: apps over the published modules, built by Vite and by esbuild and run to that step. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build as buildByEsbuild } from "esbuild";
import { build as buildByVite } from "vite";
import { emitModules } from "../tools/build-library.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Apps by name; each runs its first step and waits for it. */
const APPS = {
  windows: {
    namespaces: ["data"],
    code: "globalThis.result = data.slidingWindows([1, 2, 3], { length: 2 }).length;",
  },
  inference: {
    namespaces: ["nn"],
    code: `
      const device = await Device.request();
      const lstm = new nn.LSTM(1, 50, { batchFirst: true });
      const inputs = { x: [1, 20, 1] };
      const step = await device.compile(({ x }) => ({ output: lstm.forward(x).output }), { inputs });
      globalThis.result = await step.run({ x: new Float32Array(20) }).output.read();
      device.dispose();`,
  },
  training: {
    namespaces: ["nn", "optim"],
    code: `
      class Forecaster extends nn.Module {
        lstm = new nn.LSTM(1, 50, { batchFirst: true });
        fc = new nn.Linear(50, 1);
        forward(x) { return this.fc.forward(this.lstm.forward(x).output.select(1, -1)); }
      }
      const device = await Device.request();
      const model = new Forecaster();
      const criterion = new nn.MSELoss();
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
      const inputs = { x: [64, 20, 1], y: [64, 1] };
      const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
        inputs, minimize: "loss", optimizer,
      });
      globalThis.result = await step.run({ x: new Float32Array(64 * 20), y: new Float32Array(64) }).loss.item();
      device.dispose();`,
  },
} as const;

type App = keyof typeof APPS;
type Bundler = "vite" | "esbuild";

/** Gzipped bytes by app and bundler. */
export type Sizes = Readonly<Record<App, Readonly<Record<Bundler, number>>>>;

/** Every file of a build begins with this, to tell that it was loaded. */
const BANNER = "(globalThis.loaded ??= []).push(import.meta.url);";

/** Builds and runs every app. Dawn's null backend compiles the kernels and computes nothing. */
export async function downloadedBytes(): Promise<Sizes> {
  const folder = mkdtempSync(join(tmpdir(), "webgpu-lstm-sizes-"));
  try {
    const library = join(folder, "library");
    emitModules(library);
    writeFileSync(join(library, "package.json"), '{ "type": "module", "sideEffects": false }');
    const sizes: [App, Record<Bundler, number>][] = [];
    for (const name of Object.keys(APPS) as App[]) {
      sizes.push([
        name,
        { vite: await sizeByVite(folder, name), esbuild: await sizeByEsbuild(folder, name) },
      ]);
    }
    return Object.fromEntries(sizes) as unknown as Sizes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sizeByVite(folder: string, name: App): Promise<number> {
  const { namespaces, code } = APPS[name];
  const outDir = join(folder, `${name}-vite`);
  const entry = join(folder, `${name}.js`);
  writeFileSync(entry, `import { Device, ${namespaces.join(", ")} } from "webgpu-lstm";\n${code}`);
  await buildByVite({
    root: folder,
    configFile: false,
    logLevel: "error",
    resolve: { alias: { "webgpu-lstm": join(folder, "library/index.js") } },
    build: {
      outDir,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: {
        input: entry,
        output: {
          entryFileNames: "[name].mjs",
          chunkFileNames: "[name]-[hash].mjs",
          postBanner: BANNER,
        },
      },
    },
  });
  return loadedBytes(outDir, name);
}

/** esbuild leaves nothing out of a namespace that another module exports, so the app imports the entries nn, optim and data. */
async function sizeByEsbuild(folder: string, name: App): Promise<number> {
  const { namespaces, code } = APPS[name];
  const outdir = join(folder, `${name}-esbuild`);
  const imports = namespaces.map((namespace) => `import * as ${namespace} from "webgpu-lstm/${namespace}";`);
  const entries = namespaces.map((namespace) => [
    `webgpu-lstm/${namespace}`,
    join(folder, `library/${namespace}/index.js`),
  ]);
  await buildByEsbuild({
    stdin: {
      contents: `import { Device } from "webgpu-lstm";\n${imports.join("\n")}\n${code}`,
      resolveDir: folder,
    },
    outdir,
    entryNames: name,
    outExtension: { ".js": ".mjs" },
    alias: { "webgpu-lstm": join(folder, "library/index.js"), ...Object.fromEntries(entries) },
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    banner: { js: BANNER },
    logLevel: "error",
  });
  return loadedBytes(outdir, name);
}

/** Runs a built app, given by its URL, and prints the URLs of the files that it loaded. */
const RUNNER = `
  import { create, globals } from "webgpu";
  Object.assign(globalThis, globals);
  const gpu = create(["backend=null"]);
  // One that counts as software: no device that computes nothing passes a self test.
  const requestAdapter = async () =>
    Object.defineProperty(await gpu.requestAdapter(), "info", { value: { isFallbackAdapter: true } });
  Object.defineProperty(globalThis, "navigator", { value: { gpu: { requestAdapter } }, configurable: true });
  await import(process.argv[1]);
  if (globalThis.result === undefined) throw new Error("the app did not come to the end of its first step");
  console.log(JSON.stringify(globalThis.loaded));
  process.exit();`;

/** Adds up the files that a built app loads, each gzipped by itself, as a server sends them. */
function loadedBytes(folder: string, name: App): number {
  const app = pathToFileURL(join(folder, `${name}.mjs`)).href;
  const args = ["--input-type=module", "--eval", RUNNER, app];
  const printed = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  // The waker is for engines that answer slowly, as a busy machine may seem to.
  const files = (JSON.parse(printed) as string[]).filter((file) => !/\/waker-[^/]*$/.test(file));
  const sizes = files.map((file) => {
    const text = readFileSync(new URL(file), "utf8").replace(BANNER, "");
    return gzipSync(text, { level: 9 }).length;
  });
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
