/** The page's half of a worker: its types, which it shares with the worker, and what it loads. */
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { typeErrors } from "../type-errors.ts";

const shared = `
import type { Served } from "webgpu-lstm/worker";
import { connect, serve, transfer } from "webgpu-lstm/worker";
interface Config { readonly hidden: number; readonly series: Float32Array<ArrayBuffer> }
declare const worker: Worker;
declare const series: Float32Array<ArrayBuffer>;
declare function make(hidden: number, series: Float32Array): Served;
`;

test("a page and a worker of one config type-check", () => {
  const program = `${shared}
    serve<Config>({ create: ({ hidden, series }) => make(hidden, series) });
    export const typed = await connect<Config>(worker, { hidden: 16, series });
    export const handed = await connect<Config>(worker, transfer({ hidden: 16, series }, [series.buffer]));
    export const untyped = await connect(worker, { whatever: 1 });
    export const bare = await connect(worker);
    export const { length } = await typed.fit("train", { epochs: 1 });
    for await (const { loss } of typed.fit("train", { epochs: 1, schedule: "steps" })) loss.toFixed();
    export const { loss, metrics } = await typed.evaluate("test");
  `;
  expect(typeErrors([program])).toEqual([]);
});

test("a config of another type is a mistake on either side", () => {
  const page = (call: string) => `${shared}export const trainer = await ${call};`;
  const errors = typeErrors([
    page("connect<Config>(worker, { hidden: 16 })"),
    page('connect<Config>(worker, { hidden: "16", series })'),
    page("connect<Config>(worker)"),
    `${shared}serve<Config>({ create: ({ size }) => make(size, series) });`,
  ]);
  expect(errors).toHaveLength(4);
  expect(errors[0]).toMatch(/Property 'series' is missing/);
  expect(errors[1]).toMatch(/'string' is not assignable to type 'number'/);
  expect(errors[2]).toMatch(/Expected 2-3 arguments, but got 1/);
  expect(errors[3]).toMatch(/Property 'size' does not exist on type 'Config'/);
});

test("a trainer's optimizer has its learning rate, and metrics export metrics alone", () => {
  const trainer = `import { metrics, type Trainer } from "webgpu-lstm"; declare const trainer: Trainer;`;
  expect(
    typeErrors([
      `${trainer} trainer.optimizer.lr *= 0.5; export const steps: number = trainer.optimizer.steps;`,
    ]),
  ).toEqual([]);
  expect(
    typeErrors([`${trainer} trainer.optimizer.lr = "fast"; export default metrics.checkMetrics;`]),
  ).toEqual([
    "Type 'string' is not assignable to type 'number'.",
    expect.stringMatching(/Property 'checkMetrics' does not exist/),
  ]);
});

test("the page's half loads no kernel, no device and no model", () => {
  const root = new URL("../../", import.meta.url);
  const loaded = new Set<string>();
  const load = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    const source = readFileSync(new URL(file, root), "utf8");
    const imports = source.matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?"([^"]+)"/gm);
    for (const [, name] of imports) load(posix.join(posix.dirname(file), name!));
  };
  load("src/worker/connect.ts");
  expect([...loaded].sort()).toEqual([
    "src/checks.ts",
    "src/errors.ts",
    "src/train/fit.ts",
    "src/train/history.ts",
    "src/train/listeners.ts",
    "src/worker/channel.ts",
    "src/worker/connect.ts",
    "src/worker/progress-listener.ts",
    "src/worker/protocol.ts",
    "src/worker/transfer.ts",
    "src/worker/wire-errors.ts",
  ]);
});
