/** The contents of each step, against bench/counters.json; `npm run bench:counters` rewrites it after an intended change. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ADAPTERS, bundleBytes, type Counters, countersFor, differences } from "../../bench/counters.ts";

const file = new URL("../../bench/counters.json", import.meta.url);
const recorded = JSON.parse(readFileSync(file, "utf8")) as {
  readonly bundleBytes: number;
  readonly workloads: Readonly<Record<string, Readonly<Record<string, Counters>>>>;
};

/** Every commit changes the size a little; only growth beyond this is a regression. */
const GROWTH = 1.03;

test.each(Object.entries(ADAPTERS))(
  "planned for %s, every workload has the recorded dispatches, operations, bytes and buffers",
  async (name, facts) => {
    const counted = await countersFor(facts);
    const changed = differences(recorded.workloads[name], counted, [name]);
    expect(changed, "npm run bench:counters, if this is meant").toEqual([]);
  },
);

test("the library's gzipped size has not grown by more than 3 % since it was recorded", async () => {
  const bytes = await bundleBytes();
  expect(bytes, "npm run bench:counters, if this is meant").toBeLessThan(recorded.bundleBytes * GROWTH);
});

test("a difference is reported with its location", () => {
  expect(differences({ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3, d: 4 } }, ["x"])).toEqual([
    "x a c: 2 → 3",
    "x a d: nothing → 4",
  ]);
  expect(differences({ a: 1 }, { a: 1 })).toEqual([]);
});
