import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { classNames } from "../tools/class-names.ts";
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

const { name, version, repository, bugs } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { name: string; version: string; repository: { url: string }; bugs: string };

const code = repository.url.replace(/^git\+|\.git$/g, "");

/** Where the demo is published, for previews of links, which need whole addresses: GitHub's pages, unless DEMO_URL says another place. */
const site =
  process.env["DEMO_URL"] ??
  code.replace(/^https:\/\/github\.com\/([^/]+)\/(.+)$/, "https://$1.github.io/$2/demo/");

/** For shell/project.ts, and for {{name}} in index.html. */
const PROJECT: Readonly<Record<string, string>> = {
  version,
  repository: code,
  site,
  package: `https://www.npmjs.com/package/${name}`,
  issues: bugs,
};

const facts: Plugin = {
  name: "facts",
  transformIndexHtml: (html) => html.replace(/\{\{(\w+)\}\}/g, (_, fact: string) => PROJECT[fact]!),
};

/**
 * The demo, as a site that works from any path (`base: "./"`).
 * It imports the library from its source, by the name a user would write.
 */
export default defineConfig({
  plugins: [wgslComments(), classNames(), facts, stored.page],
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  define: { PROJECT: JSON.stringify(PROJECT) },
  resolve: library.resolve ?? {},
  worker: { format: "es", plugins: () => [wgslComments(), classNames(), stored.workers] },
  // A fixed list: a dependency discovered at the first visit would reload the page.
  optimizeDeps: { include: ["uplot", "d3-dsv", ...TENSORFLOW] },
  build: {
    outDir: fileURLToPath(new URL("../dist-demo", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
  },
});
