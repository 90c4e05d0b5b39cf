/** The race of the Compare view: its arithmetic, its words, its course and its address. */
import { describe, expect, test } from "vitest";
import { issueLink } from "../../demo/compare/issue-link.ts";
import { choicesOfLink, linkOf, USUAL } from "../../demo/compare/link.ts";
import { makeCourse } from "../../demo/compare/race/course.ts";
import { type Curve, checkRun, onGrid, outcomeOf, type Run } from "../../demo/compare/race/race-result.ts";
import { type Raced, raceMarkdown, raceRows, verdictOf } from "../../demo/compare/race/race-words.ts";
import { jsonOf, markdownOf } from "../../demo/compare/report.ts";
import { CHOICES } from "../../demo/compare/workloads.ts";
import { LinkSettings, settingsText } from "../../demo/shell/address.ts";

/** Steps of `each` seconds, the loss halved by each. */
const curve = (steps: number, each: number, first = 0.5): Curve => ({
  seconds: Array.from({ length: steps + 1 }, (_, i) => i * each),
  losses: Array.from({ length: steps + 1 }, (_, i) => first / 2 ** i),
});
const runs: Run[] = [
  { ours: curve(40, 0.025), theirs: curve(10, 0.1) },
  { ours: curve(50, 0.02), theirs: curve(10, 0.1) },
  { ours: curve(40, 0.025), theirs: curve(8, 0.125) },
];
const raced = (finished: readonly Run[]): Raced => ({
  choice: CHOICES[0]!,
  seconds: 1,
  peer: "tfjs-wasm",
  adapter: { name: "a GPU", software: false },
  finished,
});

describe("an outcome", () => {
  test("compares the steps that both have done, over the runs", () => {
    const { ratio, steps, seconds } = outcomeOf(runs)!;
    expect(ratio.median).toBeCloseTo(5, 12);
    expect([ratio.least, ratio.most]).toEqual([expect.closeTo(4, 12), expect.closeTo(5, 12)]);
    expect(steps).toBe(10);
    expect(seconds).toEqual({ ours: expect.closeTo(0.2, 12), theirs: expect.closeTo(1, 12) });
    expect(outcomeOf([])).toBeUndefined();
    expect(outcomeOf([{ ours: curve(3, 1), theirs: curve(0, 1) }])).toBeUndefined();
  });

  test("is said for whoever is faster", () => {
    expect(verdictOf(raced(runs))).toBe(
      "On a GPU, webgpu-lstm trains 5.0 times as fast as TensorFlow.js, WASM (3 runs, 4.0 to 5.0): for 10 steps webgpu-lstm takes " +
        "0.2 s, TensorFlow.js, WASM 1 s.",
    );
    const slower = runs.slice(0, 1).map(({ ours, theirs }) => ({ ours: theirs, theirs: ours }));
    expect(verdictOf(raced(slower))).toBe(
      "On a GPU, TensorFlow.js, WASM trains 4.0 times as fast as webgpu-lstm (one run): for 10 steps webgpu-lstm takes 1 s, " +
        "TensorFlow.js, WASM 0.25 s.",
    );
    const short = [{ ours: curve(4, 0.5), theirs: curve(4, 1) }];
    const software = { name: "a driver", software: true };
    expect(verdictOf({ ...raced(short), adapter: software })).toMatch(
      /^On a driver, .* 4 s\. So few steps say little: choose more seconds\. The adapter is software: this says little about a GPU\.$/,
    );
    expect(verdictOf(raced([]))).toBe("");
    expect(raceRows(raced([]))).toEqual([]);
  });

  test("is copied with its spread, and as JSON with every step", () => {
    const markdown = raceMarkdown(raced(runs));
    expect(markdown).toContain("3 of 3 runs of 1 s");
    expect(markdown).toContain("| webgpu-lstm | 40 (40–50) |");
    expect(markdown).toContain("| TensorFlow.js, WASM | 10 (8–10) |");
    const results = {
      contest: undefined,
      race: raced(runs),
      version: "1.2.3",
      browser: "a browser",
      at: new Date("2026-01-02T03:04:05Z"),
    };
    expect(markdownOf(results)).toContain("webgpu-lstm 1.2.3 beside TensorFlow.js: LSTM(1→50)");
    expect(markdownOf(results)).toContain("Adapter: a GPU. 2026-01-02, a browser.");
    const { race, adapter } = JSON.parse(jsonOf(results)) as { race: { runs: Run[] }; adapter: object };
    expect(race.runs).toEqual(runs);
    expect(adapter).toEqual({ name: "a GPU", software: false });
  });
});

test("a run is refused where the first losses part", () => {
  expect(checkRun(runs[0]!)).toEqual({ difference: 0, agrees: true });
  const apart = (factor: number): Run => ({
    ours: curve(40, 0.025),
    theirs: {
      ...curve(10, 0.1),
      losses: curve(10, 0.1).losses.map((loss, i) => (i === 9 ? loss * factor : loss)),
    },
  });
  expect(checkRun(apart(1.0009)).agrees).toBe(true);
  expect(checkRun(apart(1.0011)).agrees).toBe(false);
  expect(checkRun(apart(Number.NaN)).agrees).toBe(false);
});

test("a curve on a grid has the mean of the steps between two points, and ends with its last step", () => {
  const drawn = { seconds: [0, 0.1, 0.2, 0.9, 1.1], losses: [8, 4, 2, 1, 0.5] };
  expect(onGrid(drawn, [0, 0.25, 0.5, 1, 1.25, 1.5])).toEqual([8, 3, 3, 1, 0.5, null]);
  expect(onGrid({ seconds: [], losses: [] }, [0, 1])).toEqual([null, null]);
});

test("every course has the start weights of its workload and batches of its shapes, always the same", () => {
  for (const { workload } of CHOICES.slice(0, 2)) {
    const { x, y, more = [], weights } = makeCourse(workload);
    const batches = [{ x, y }, ...more];
    expect(batches).toHaveLength(Math.floor((1000 - workload.seqLen) / workload.batch));
    for (const batch of batches) {
      expect(batch.x.data).toHaveLength(workload.batch * workload.seqLen);
      // What follows the window on sin(i · 100 / 999).
      const step = 100 / 999;
      const [before, last] = batch.x.data.slice(workload.seqLen - 2, workload.seqLen);
      expect(batch.y.data[0]).toBeCloseTo(2 * Math.cos(step) * last! - before!, 4);
    }
    expect(makeCourse(workload).more).toEqual(more);
    expect(weights.get("recurrent.weight_hh_l0")!.shape).toEqual([
      4 * workload.hiddenSize,
      workload.hiddenSize,
    ]);
  }
});

test("the echo's classes are the symbols of three steps before", () => {
  const { workload } = CHOICES[2]!;
  const { x, y, more } = makeCourse(workload);
  const { seqLen: T, inputSize: I } = workload;
  expect(more).toHaveLength(7);
  const symbol = (row: number, t: number) =>
    x.data.subarray((row * T + t) * I, (row * T + t + 1) * I).indexOf(1);
  for (const row of [0, 31]) {
    for (let t = 0; t < T; t++) expect(y.data[row * T + t]).toBe(t < 3 ? 0 : symbol(row, t - 3));
  }
  expect(new Set(y.data).size).toBeGreaterThan(60);
});

test("the choices survive the way through an address; bad ones are named", () => {
  expect(settingsText(linkOf(USUAL))).toBe("");
  expect(choicesOfLink(new LinkSettings(""))).toEqual(USUAL);
  for (const choices of [
    { workload: "W3", peers: ["tfjs-wasm"] as const, seconds: 10 },
    { workload: "W1", peers: [], seconds: 1 },
  ]) {
    const link = new LinkSettings(settingsText(linkOf(choices)));
    expect(choicesOfLink(link)).toEqual(choices);
    expect(link.note).toBe("");
  }
  const link = new LinkSettings("workload=W9&seconds=2&beside=cpu");
  expect(choicesOfLink(link)).toEqual(USUAL);
  expect(link.note).toContain("workload=W9, seconds=2, beside=cpu");
});

test("an issue's link has its text, cut at the end of a line where it is long", () => {
  const body = (link: string) => new URL(link).searchParams.get("body")!;
  const short = issueLink("https://example.org/issues", "A title", "a\nb & c");
  expect(short).toMatch(/^https:\/\/example\.org\/issues\/new\?title=A\+title&body=/);
  expect(body(short)).toBe("a\nb & c");
  const line = "→".repeat(100);
  const long = issueLink("https://example.org/issues", "A title", Array(50).fill(line).join("\n"));
  expect(long.length).toBeLessThanOrEqual(7000);
  expect(new Set(body(long).split("\n"))).toEqual(new Set([line]));
});
