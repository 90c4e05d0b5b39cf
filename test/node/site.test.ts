/** The site's own pages: every error class is explained, and every block of TypeScript type-checks, those of the API pages too. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as library from "webgpu-lstm";
import { StudyError } from "webgpu-lstm/search";
import { toJavaScript } from "../../site/live/javascript.ts";
import { typeErrors } from "../type-errors.ts";
import { documentedExamples } from "./documented.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const guides = readdirSync(`${root}site/guide`).map((name) => ({
  name,
  text: readFileSync(`${root}site/guide/${name}`, "utf8"),
}));

test("the page of errors has a section for each class, with cause and cure", () => {
  const page = guides.find(({ name }) => name === "errors.md")!.text;
  const classes = [...Object.values(library), StudyError].filter(
    (value): value is typeof library.WebGpuLstmError =>
      typeof value === "function" && (value as object) !== library.WebGpuLstmError
        ? (value as typeof library.WebGpuLstmError).prototype instanceof library.WebGpuLstmError
        : false,
  );
  expect(classes.length).toBeGreaterThan(15);
  const sections = page.split(/^## /m).slice(1);
  const named = sections.map((section) => section.split("\n")[0]!);
  expect([...named].sort()).toEqual(["WebGpuLstmError", ...classes.map(({ name }) => name)].sort());
  for (const section of sections.slice(1)) {
    expect(section, section).toContain("**Cause.**");
    expect(section, section).toContain("**Cure.**");
  }
});

/** In scope of the guides' blocks. */
const given = `
import {
  type data, Device, loadSafetensors, ModelCheckpoint, type NDArray, nn, NoAdapterError, openCheckpointStore, optim, saveSafetensors,
  type Tensor, Trainer, WebGpuUnavailableError,
} from "webgpu-lstm";
declare class Forecaster extends nn.Module { forward(x: Tensor): Tensor }
declare const [device, model, criterion, optimizer]: [Device, Forecaster, nn.MSELoss, optim.Optimizer];
declare const [trainer, loader, file, x, y]: [Trainer, data.DataLoader, Blob, NDArray, NDArray];
declare function showFallback(message: string): void;
declare function onChunk(samples: Float32Array): void;
export {};
`;

test("every block of TypeScript type-checks", () => {
  const blocks = guides.flatMap(({ text }) =>
    [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block!),
  );
  expect(blocks.length).toBeGreaterThan(3);
  const examples = documentedExamples();
  expect(examples.length).toBeGreaterThan(50);
  const mistaken = examples.find(({ file }) => file === "nn/lstm.ts")!.module.replace("numLayers", "layers");
  const modules = [
    ...blocks.map((block) => (block.includes("import {") ? block : `${given}{\n${block}}`)),
    ...examples.map(({ module }) => module),
    mistaken,
  ];
  expect(typeErrors(modules)).toEqual([expect.stringMatching(/'layers' does not exist in type/)]);
});

test("the classes that most programs use have an example, of no more than ten lines", () => {
  const examples = documentedExamples();
  const names = [
    "nn/lstm",
    "nn/gru",
    "nn/rnn",
    "nn/linear",
    "nn/embedding",
    "nn/module",
    "nn/containers",
    "nn/loss",
    "nn/loss-classes",
    "optim/adam",
    "optim/sgd",
    "train/trainer",
    "device",
    "stream/stream",
    "data/loader",
  ];
  for (const name of names) {
    const found = examples.filter(({ file }) => file === `${name}.ts`);
    expect(found.length, name).toBeGreaterThan(0);
    for (const { text } of found) expect(text.split("\n").length, text).toBeLessThanOrEqual(10);
  }
});

test("every live example that a guide shows exists", () => {
  const examples = readdirSync(`${root}examples/live`);
  const shown = guides.flatMap(({ text }) =>
    [...text.matchAll(/<LiveExample name="(\w+)"/g)].map(([, name]) => name),
  );
  expect(shown.length).toBeGreaterThan(4);
  for (const name of shown) expect(examples).toContain(`${name}.ts`);
});

test.each([
  ["const a = x as unknown as Map<string, number>;", `const a = x ${" ".repeat(33)};`],
  ["f(a!, b![0]!, !c);", "f(a , b [0] , !c);"],
  [
    "class A<T> extends B<T> implements C { private readonly d?: T; }",
    "class A    extends B                 {                  d    ; }",
  ],
  ['import type { A } from "a";', ""],
  ['import { type A, b, c as d } from "m";', 'const { b, c: d } = globalThis.__modules("m");'],
  ['import * as m from "m";', 'const m = globalThis.__modules("m");'],
  ["interface A { b: number }\nlet c = 1;", "\nlet c = 1;"],
])("erases the types of %s", (source, expected) => {
  const trimmed = (text: string) =>
    text
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n");
  expect(trimmed(toJavaScript(source))).toBe(trimmed(expected));
});
