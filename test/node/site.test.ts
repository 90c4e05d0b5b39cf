/** The site's own pages: every error class is explained, and every block of TypeScript type-checks, those of the API pages too. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as library from "webgpu-lstm";
import { pruners, StudyError, samplers } from "webgpu-lstm/search";
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

/** In scope of React's blocks. */
const react = `
declare module "react" {
  export function useEffect(effect: () => undefined | (() => void), depends: readonly unknown[]): void;
  export function useState<T>(begin: T): [T, (next: T) => void];
}
declare namespace JSX { type Element = object | null; interface IntrinsicElements { p: object } }
declare const config: { readonly hidden: number };
declare const series: Float32Array;
`;

test("every block of TypeScript and of React type-checks", () => {
  const blocksOf = (language: string) =>
    guides.flatMap(({ text }) =>
      [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, block]) => block!),
    );
  const [blocks, components] = [blocksOf("ts"), blocksOf("jsx")];
  expect(blocks.length).toBeGreaterThan(3);
  expect(components.length).toBeGreaterThan(2);
  const examples = documentedExamples();
  expect(examples.length).toBeGreaterThan(50);
  const mistaken = examples.find(({ file }) => file === "nn/lstm.ts")!.module.replace("numLayers", "layers");
  const modules = [
    ...blocks.map((block) => (block.includes("import {") ? block : `${given}{\n${block}}`)),
    ...examples.map(({ module }) => module),
    mistaken,
  ];
  const texts = new Map([
    ["documented-react.d.ts", react],
    ...modules.map((text, i) => [`documented-${i}.ts`, text] as const),
    // Named as they import one another.
    ...components.map((text, i) => [`${/app\/(\w+)\.jsx/.exec(text)?.[1] ?? i}.tsx`, text] as const),
  ]);
  expect(typeErrors(texts)).toEqual([expect.stringMatching(/'layers' does not exist in type/)]);
});

test("the table for PyTorch's users has every layer, loss, optimizer and schedule", () => {
  const page = guides.find(({ name }) => name === "from-pytorch.md")!.text;
  const { nn, optim } = library;
  const rooms = { nn, optim, "optim/lrScheduler": optim.lrScheduler };
  const bases: readonly unknown[] = [optim.Optimizer, optim.lrScheduler.LRScheduler];
  const linked = [...page.matchAll(/\]\(\/api\/([\w/]+\w)\)/g)].map(([, path]) => path!);
  const classes = Object.entries(rooms).flatMap(([room, names]) =>
    Object.entries(names)
      .filter(([name, value]) => /^[A-Z]/.test(name) && !bases.includes(value))
      .map(([name]) => `${room}/${name}`),
  );
  expect(classes.length).toBeGreaterThan(70);
  expect([...linked].sort()).toEqual([...classes].sort());
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

test("every layer, loss, optimizer, schedule, metric, sampler and pruner has an example", () => {
  const { nn, optim, metrics } = library;
  const rooms = { nn, optim, "optim.lrScheduler": optim.lrScheduler, metrics, samplers, pruners };
  // Bases, and what a layer makes.
  const bases = ["nn.Buffer", "nn.Parameter", "optim.Optimizer", "optim.lrScheduler.LRScheduler"];
  const texts = documentedExamples().map(({ text }) => text);
  const without = Object.entries(rooms)
    .flatMap(([room, names]) => Object.keys(names).map((name) => `${room}.${name}`))
    .filter((name) => /\.[A-Z]\w*$/.test(name) && !bases.includes(name))
    .filter(
      (name) => !texts.some((text) => text.includes(`new ${name}(`) || text.includes(`extends ${name} `)),
    );
  expect(without).toEqual([]);
});

test("every live example that a guide shows exists", () => {
  const examples = readdirSync(`${root}examples/live`);
  const shown = guides.flatMap(({ text }) =>
    [...text.matchAll(/<LiveExample name="(\w+)"/g)].map(([, name]) => name),
  );
  expect(shown.length).toBeGreaterThan(4);
  for (const name of shown) expect(examples).toContain(`${name}.ts`);
});
