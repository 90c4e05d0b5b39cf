import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { complaints } from "./architecture.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

function sourcesUnder(folder: string, extension: string): [path: string, text: string][] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(extension))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .map((path) => [path, read(path)]);
}

const rooms = ["src", "tasks", "demo", "examples", "bench", "site", "tools", "test"];

describe("the architecture", () => {
  test("src/, shaders/ and the folders beside them respect the rules", () => {
    const sources = new Map([
      ...rooms.flatMap((room) => sourcesUnder(room, ".ts")),
      ...sourcesUnder("shaders", ".wgsl"),
    ]);
    for (const room of rooms) {
      expect([...sources.keys()].filter((path) => path.startsWith(`${room}/`)).length).toBeGreaterThan(5);
    }
    expect(complaints(sources)).toEqual([]);
  });

  test("the package has no runtime dependency", () => {
    const manifest = JSON.parse(read("package.json")) as Record<string, unknown>;
    expect(manifest["dependencies"] ?? {}).toEqual({});
    expect(manifest["optionalDependencies"] ?? {}).toEqual({});
  });
});

describe("the checker sees", () => {
  const files = (entries: Record<string, string>) => complaints(new Map(Object.entries(entries)));

  test("no complaint in a valid tree", () => {
    const sound = files({
      "src/errors.ts": "export class ShapeError extends Error {}",
      "src/gpu/kernel.ts": `import "../errors.ts"; export const f = (d: GPUDevice) => d.createBindGroup;`,
      "src/ops/tensor/add.ts": `import wgsl from "../../../shaders/tensor/add.wgsl?raw"; import { f } from "../../gpu/kernel.ts"; f(wgsl);`,
      "src/nn/linear.ts": `// GPUDevice is only named here, and in "GPUBuffer"\nexport * from "../ops/tensor/add.ts";`,
      "src/data/loader.ts": `import type { ShapeError } from "../errors.ts"; export type E = ShapeError;`,
      "src/train/trainer.ts": `export * from "../data/loader.ts"; export * from "../nn/linear.ts";`,
      "src/search/pruning.ts": `import type { T } from "../train/trainer.ts"; export type U = T;`,
      "src/search/node/file.ts": `import "node:fs/promises"; import "../pruning.ts";`,
      "src/index.ts": `export * from "./train/trainer.ts"; export const lazy = () => import("./nn/linear.ts");`,
      "shaders/tensor/add.wgsl": "// text\n".repeat(310),
    });
    expect(sound).toEqual([]);
    const around = files({
      "src/index.ts": "",
      "tasks/a/b.ts": `import "webgpu-lstm"; import("../../node_modules/p/data.csv?raw"); import "../../tools/e.ts"`,
      "tools/e.ts": "",
      "demo/c.ts": `import "../tasks/a/b.ts"; import "./c.css"; import html from "./c.html?raw";`,
      "demo/vite.config.ts": `import "../vite.config.ts"; import "../tools/e.ts"`,
      "test/d.ts": `import "../demo/c.ts"; import "../src/index.ts"; import "../demo/c.ts?raw"`,
    });
    expect(around).toEqual([]);
  });

  test.each([
    [
      "an upward import",
      { "src/ops/a.ts": `import "../nn/b.ts"`, "src/nn/b.ts": "" },
      /ops may not import nn/,
    ],
    [
      "an upward type",
      { "src/gpu/a.ts": `export type * from "../ops/b.ts"`, "src/ops/b.ts": "" },
      /gpu may not import ops/,
    ],
    [
      "a lazy one",
      { "src/nn/a.ts": `import("../train/b.ts")`, "src/train/b.ts": "" },
      /nn may not import train/,
    ],
    [
      "siblings",
      { "src/nn/a.ts": `import "../optim/b.ts"`, "src/optim/b.ts": "" },
      /nn may not import optim/,
    ],
    ["data on nn", { "src/data/a.ts": `import "../nn/b.ts"`, "src/nn/b.ts": "" }, /data may not import nn/],
    ["a new layer", { "src/util/a.ts": "" }, /no layer called util/],
    [
      "train on stream",
      { "src/train/a.ts": `import "../stream/b.ts"`, "src/stream/b.ts": "" },
      /train may not/,
    ],
    ["index on worker", { "src/index.ts": `import "./worker/b.ts"`, "src/worker/b.ts": "" }, /index may not/],
    [
      "index on formats",
      { "src/index.ts": `import "./formats/b.ts"`, "src/formats/b.ts": "" },
      /index may not/,
    ],
    [
      "a plan that runs",
      { "src/plan/a.ts": `import "../run/b.ts"`, "src/run/b.ts": "" },
      /plan may not import run/,
    ],
    ["index on search", { "src/index.ts": `import "./search/b.ts"`, "src/search/b.ts": "" }, /index may not/],
    ["search on nn", { "src/search/a.ts": `import "../nn/b.ts"`, "src/nn/b.ts": "" }, /search may not/],
    [
      "search on more than the trainer's types",
      { "src/search/a.ts": `import { type B, c } from "../train/b.ts"`, "src/train/b.ts": "" },
      /search may not import train/,
    ],
    [
      "the pages' search on Node's",
      { "src/search/a.ts": `import "./node/b.ts"`, "src/search/node/b.ts": "" },
      /search may not import search\/node/,
    ],
    ["Node in the pages' search", { "src/search/a.ts": `import "node:fs"` }, /imports the package node:fs/],
    ["a package", { "src/io/a.ts": `import "d3-dsv"` }, /imports the package d3-dsv/],
    ["a file out of src", { "src/nn/a.ts": `import "../../demo/b.ts"`, "src/nn/b.ts": "" }, /not in src/],
    ["a GPU type", { "src/run/a.ts": "export type D = GPUDevice" }, /names GPUDevice outside/],
    ["a GPU constant", { "src/nn/a.ts": "export const u = GPUBufferUsage.STORAGE" }, /names GPUBufferUsage/],
    [
      "a maker",
      { "src/gpu/a.ts": "export const p = (d) => d.createComputePipelineAsync({})" },
      /only src\/gpu\/kernel.ts/,
    ],
    [
      "demo on bench",
      { "demo/a.ts": `import "../bench/b.ts"`, "bench/b.ts": "" },
      /demo may not import bench/,
    ],
    [
      "demo on an example",
      { "demo/a/b.ts": `import("../../examples/c.ts")`, "examples/c.ts": "" },
      /demo may not import examples/,
    ],
    [
      "bench on test",
      { "bench/a.ts": `import "../test/b.ts"`, "test/b.ts": "" },
      /bench may not import test/,
    ],
    [
      "an example on src",
      { "examples/a.ts": `import "../src/nn/b.ts"`, "src/nn/b.ts": "" },
      /may not import src/,
    ],
    [
      "bench on src beyond what it measures",
      {
        "bench/a.ts": `import "../src/gpu/b.ts"; import "../src/gpu/facts.ts"`,
        "src/gpu/b.ts": "",
        "src/gpu/facts.ts": "",
      },
      /bench may not import src\/gpu\/b.ts/,
    ],
    [
      "tasks on demo",
      { "tasks/a.ts": `import "../demo/b.ts"`, "demo/b.ts": "" },
      /tasks may not import demo/,
    ],
    [
      "tools on test",
      { "tools/a.ts": `import type { B } from "../test/b.ts"`, "test/b.ts": "" },
      /tools may not/,
    ],
    ["markup of another room", { "bench/a.ts": `import "../demo/b.html?raw"` }, /bench may not import demo/],
    ["a file that is not there", { "demo/a.ts": `import "./b.ts"` }, /demo\/b.ts, which does not exist/],
    ["a long file", { "src/nn/a.ts": "//\n".repeat(311) }, /311 lines/],
    ["a long shader", { "shaders/a.wgsl": "//\n".repeat(311) }, /311 lines/],
  ] as [string, Record<string, string>, RegExp][])("%s", (_, entries, complaint) => {
    const found = files(entries);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(complaint);
  });

  test("a circular import and its path", () => {
    const circle = files({
      "src/nn/a.ts": `import "./b.ts"`,
      "src/nn/b.ts": `import "./c.ts"`,
      "src/nn/c.ts": `import "./a.ts"`,
    });
    expect(circle).toEqual(["circular import: src/nn/a.ts -> src/nn/b.ts -> src/nn/c.ts -> src/nn/a.ts"]);
    const beside = files({ "demo/a.ts": `import "./b.ts"`, "demo/b.ts": `import "./a.ts"` });
    expect(beside).toEqual(["circular import: demo/a.ts -> demo/b.ts -> demo/a.ts"]);
  });
});
