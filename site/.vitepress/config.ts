/** The documentation's site: guides from docs/ and site/, live examples from examples/live/. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DefaultTheme, defineConfig } from "vitepress";
import { wgslComments } from "../../tools/wgsl-comments.ts";
import library from "../../vite.config.ts";
import { CODE_THEMES } from "../live/code-themes.ts";
import { linkToSources } from "./link-to-sources.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { description, repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  description: string;
  repository: { url: string };
};
const repositoryPage = repository.url.replace(/^git\+|\.git$/g, "");

const page = (text: string, name: string) => ({ text, link: `/guide/${name}` });

const guides: DefaultTheme.SidebarItem[] = [
  {
    text: "Start",
    items: [
      page("First model in five minutes", "first-model"),
      page("From PyTorch", "from-pytorch"),
      page("From TensorFlow.js and Keras", "from-tensorflow"),
      { text: "Live examples", link: "/examples" },
    ],
  },
  {
    text: "Use",
    items: [
      page("Training", "training"),
      page("Saving and resuming", "saving"),
      page("Time series", "time-series"),
      page("Text", "text"),
      page("Streaming", "streaming"),
      page("Audio", "audio"),
      page("Files and formats", "formats"),
      page("Hyper-parameter search", "search"),
      page("Performance on your GPU", "your-gpu"),
      page("When things go wrong", "errors"),
    ],
  },
  {
    text: "Where it runs",
    items: [
      page("Training in a worker", "worker"),
      page("Vite, React, Svelte, Next", "frameworks"),
      page("Node, Deno, Bun", "node"),
      page("Engines", "engines"),
      page("GPUs", "gpus"),
    ],
  },
  {
    text: "Inside",
    items: [
      page("How it works", "how-it-works"),
      page("Architecture", "architecture"),
      page("Add a cell", "add-a-cell"),
      page("Benchmarks", "benchmarks"),
      page("What was tried for speed", "performance"),
      page("Reliability", "reliability"),
      page("Parity with PyTorch", "parity"),
    ],
  },
];

/** The API's pages, which `npm run docs` writes. */
const apiList = join(root, "docs/api/sidebars.json");
const api = (
  existsSync(apiList) ? JSON.parse(readFileSync(apiList, "utf8")) : {}
) as DefaultTheme.SidebarMulti;

export default defineConfig({
  title: "webgpu-lstm",
  description,
  lang: "en",
  // Pages come from two folders, and get one address each.
  srcDir: "..",
  srcExclude: [
    "*.md",
    "{bench,demo,dist*,examples,out,shaders,tasks,test,tools}/**",
    "docs/parity-missing.md",
  ],
  rewrites: {
    "docs/api/:rest*": "api/:rest*",
    "docs/:page": "guide/:page",
    "site/:rest*": ":rest*",
  },
  outDir: "../dist-site",
  cacheDir: "../node_modules/.cache/vitepress",
  cleanUrls: false,
  head: [
    [
      "link",
      {
        rel: "icon",
        href: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 11c3 0 3-7 6-7s3 7 8 7' fill='none' stroke='%232a6fdb' stroke-width='2' stroke-linecap='round'/%3E%3C/svg%3E",
      },
    ],
  ],
  // The demo is built beside the pages, not by VitePress.
  ignoreDeadLinks: [/^(\.\/|\/)?demo\/(index)?/],
  markdown: { config: linkToSources(root), theme: CODE_THEMES },
  themeConfig: {
    nav: [
      { text: "Guides", link: "/guide/first-model", activeMatch: "^/guide/" },
      { text: "Examples", link: "/examples" },
      { text: "API", link: "/api/", activeMatch: "^/api/" },
      { text: "Demo", link: "/demo/index.html", target: "_self" },
    ],
    sidebar: { ...api, "/": guides },
    socialLinks: [{ icon: "github", link: repositoryPage, ariaLabel: "The repository on GitHub" }],
    search: { provider: "local" },
    outline: { level: [2, 3] },
    docFooter: { prev: "Previous", next: "Next" },
  },
  vite: {
    // VitePress has a Vite of its own, with types of its own.
    resolve: (library.resolve ?? {}) as never,
    plugins: [wgslComments() as never],
    worker: { format: "es", plugins: () => [wgslComments() as never] },
    // An error is told by the name of its class.
    esbuild: { keepNames: true },
    build: { target: "es2022", chunkSizeWarningLimit: 2000 },
  },
});
