/** The projects of `test/package/`: how each is built, and what it must show. */
import { findDeno, swiftshader } from "../engines/install.ts";

/** A command and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

export interface Project {
  /** Its folder in `test/package/`. */
  readonly name: string;
  /** Files of `test/package/` that it has beside its own, by the names that it gives them. */
  readonly shared: Readonly<Record<string, string>>;
  /** Run in order; the last one's output is what a project without a page must print. */
  readonly commands: () => Promise<readonly Command[]>;
  /** Added to the environment. */
  readonly env?: () => Promise<Readonly<Record<string, string>>>;
  readonly prints?: RegExp;
  /** The folder of the built page, whose title becomes the losses of the page and of its worker. */
  readonly page?: string;
  /** What the server's part of the page says. */
  readonly server?: string;
}

/** The second loss, by PyTorch: `test/package/train.js`. */
const LOSS = "1\\.16580";
export const TITLE = new RegExp(`^${LOSS} ${LOSS}$`);

const PROGRAM = { "train.js": "train.js" };
const PAGE = { ...PROGRAM, "page.js": "page.js", "train.worker.js": "train.worker.js" };
const SERVER = "4 parameters, 10 windows";

const node = process.execPath;
const bin = (path: string, ...args: string[]): Command => [node, `node_modules/${path}`, ...args];

export const projects: readonly Project[] = [
  {
    name: "types",
    shared: {},
    commands: async () => [
      ...["nodenext", "bundler"].map((resolution) => compile("5.7", "main.mts", resolution)),
      compile("5.8", "main.cts", "nodenext"),
    ],
    prints: /^$/,
  },
  {
    name: "node-esm",
    shared: PROGRAM,
    commands: async () => [[node, "--expose-gc", "main.js"]],
    // On a machine without any Vulkan loader, Dawn's own entry has no adapter.
    prints: new RegExp(`^${LOSS} (${LOSS}|none)$`),
  },
  {
    name: "node-cjs",
    shared: { "train.mjs": "train.js" },
    commands: async () => [[node, "main.js"]],
    prints: new RegExp(`^${LOSS} true( function){6} webgpu-lstm$`),
  },
  {
    name: "jest",
    shared: PROGRAM,
    commands: async () => [[node, "--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--json"]],
    prints: /"numPassedTests":1,/,
  },
  {
    name: "deno",
    shared: PROGRAM,
    commands: async () => [[findDeno().program, "run", "-A", "--unstable-webgpu", "main.js"]],
    env: async () => ({ ...(await swiftshader()) }),
    prints: new RegExp(`^${LOSS}$`),
  },
  { name: "vite", shared: PAGE, commands: async () => [bin("vite/bin/vite.js", "build")], page: "dist" },
  { name: "webpack", shared: PAGE, commands: async () => [bin("webpack/bin/webpack.js")], page: "." },
  {
    name: "esbuild",
    shared: PAGE,
    commands: async () => [
      [
        "node_modules/esbuild/bin/esbuild",
        ...["main.js", "train.worker.js", "--bundle", "--splitting", "--format=esm", "--outdir=dist"],
      ],
    ],
    page: ".",
  },
  {
    name: "parcel",
    shared: PAGE,
    commands: async () => [bin("parcel/lib/bin.js", "build", "index.html", "--no-cache")],
    page: "dist",
  },
  {
    name: "next",
    shared: PAGE,
    commands: async () => [bin("next/dist/bin/next", "build")],
    env: async () => ({ NEXT_TELEMETRY_DISABLED: "1" }),
    page: "out",
    server: SERVER,
  },
  {
    name: "svelte-kit",
    shared: PAGE,
    commands: async () => [bin("vite/bin/vite.js", "build")],
    page: "build",
    server: SERVER,
  },
];

/** Type-checks a file strictly, the package's declarations too. */
function compile(version: string, file: string, resolution: string): Command {
  const module = resolution === "bundler" ? "esnext" : resolution;
  const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022"];
  const libraries = ["--lib", "es2022,dom", "--types", "@webgpu/types", "--skipLibCheck", "false"];
  const modules = ["--module", module, "--moduleResolution", resolution];
  return bin(`typescript-${version}/bin/tsc`, ...options, ...libraries, ...modules, file);
}
