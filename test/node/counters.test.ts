/** The contents of each step, against bench/counters.json; `npm run bench:counters` rewrites it after an intended change. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ADAPTERS, type Counters, countersFor, differences } from "../../bench/counters.ts";

import { downloadedBytes, type Sizes } from "../../bench/sizes.ts";

const file = new URL("../../bench/counters.json", import.meta.url);
const recorded = JSON.parse(readFileSync(file, "utf8")) as {
  readonly downloadedBytes: Sizes;
  readonly workloads: Readonly<Record<string, Readonly<Record<string, Counters>>>>;
};

/** Every commit changes the size a little; only growth beyond this is a regression. */
const GROWTH = 1.03;

/**
 * Gzipped bytes that an app may download before its first step. The targets are 35,000 for inference and 50,000 for training; that errors of
 * the GPU, limits, NaN and what would be left out are never silent takes 4,000 more. esbuild keeps all of a namespace, and so the checks of
 * arguments in every layer. All methods of Tensor are in every app: those beyond arithmetic take 4,300. Weights in half precision
 * take 400, the GPU's own clock for its facts, on a first visit, 1,400, names of errors that survive minifying 200, those of
 * other classes 80, a layer's parameters as properties 50, operators on tensors and results, which would go on with a text, 230, sizes that
 * are no integers and what froze nothing 50, the loss of a device in every engine 30, parts of a model that are replaced 340, and sizes that no
 * memory holds, memory that threads share and a device that nothing opened 100.
 */
const MOST_BYTES: Sizes = {
  windows: { vite: 5_000, esbuild: 5_000 },
  inference: { vite: 46_545, esbuild: 47_010 },
  training: { vite: 62_440, esbuild: 63_580 },
};

test.each(Object.entries(ADAPTERS))(
  "planned for %s, every workload has the recorded dispatches, operations, bytes and buffers",
  async (name, facts) => {
    const counted = await countersFor(facts);
    const changed = differences(recorded.workloads[name], counted, [name]);
    expect(changed, "npm run bench:counters, if this is meant").toEqual([]);
  },
);

test("an app downloads no more before its first step than it may", async () => {
  for (const [app, byBundler] of Object.entries(await downloadedBytes()) as [
    keyof Sizes,
    Sizes[keyof Sizes],
  ][]) {
    for (const [bundler, bytes] of Object.entries(byBundler) as ["vite" | "esbuild", number][]) {
      const what = `${app} built by ${bundler}`;
      expect(bytes, what).toBeLessThanOrEqual(MOST_BYTES[app][bundler]);
      const before = recorded.downloadedBytes[app][bundler];
      expect(bytes, `${what}: npm run bench:counters, if this is meant`).toBeLessThan(before * GROWTH);
    }
  }
}, 120_000);

test("a difference is reported with its location", () => {
  expect(differences({ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3, d: 4 } }, ["x"])).toEqual([
    "x a c: 2 → 3",
    "x a d: nothing → 4",
  ]);
  expect(differences({ a: 1 }, { a: 1 })).toEqual([]);
});
