/** The parts of `npm run bench` that need no GPU. */
import { describe, expect, test } from "vitest";
import type { Contestant } from "../../bench/contestant.ts";
import { measure } from "../../bench/measure.ts";
import { parseBenchOptions } from "../../bench/options.ts";
import { checkResult, referenceResult } from "../../bench/reference.ts";
import { figuresOf, memoryTable, table } from "../../bench/report.ts";
import { quantile, summarize } from "../../bench/statistics.ts";
import { makeProblem, type Problem, type Workload, workloads } from "../../bench/workload.ts";

const small: Workload = { ...workloads[0]!, name: "S", hiddenSize: 2, seqLen: 3, batch: 4 };
const effort = { runs: 3, least: 1, seconds: 10 };

/** A library whose first loss is `loss`, and falls. */
function pretender(loss: number): Contestant & { steps: number; disposed: number } {
  const self = {
    name: "pretender",
    steps: 0,
    disposed: 0,
    open: async () => ({
      firstStepMs: 7,
      firstResult: Float32Array.of(loss),
      work: { flops: 5e6, dispatches: 2, bytes: { parameter: 1000, staging: 500 }, plan: "" },
      step: () => void self.steps++,
      wait: async () => {},
      result: async () => Float32Array.of(loss - self.steps * 1e-3),
      dispose: () => void self.disposed++,
    }),
  };
  return self;
}

const lossOf = (problem: Problem) => referenceResult(problem)[0]!;

const ceiling = {
  sample: async () => ({ flops: 2e6, elapsed: { wallMs: 2, cpuMs: 1 } }),
  roundTripMs: async () => 0,
  dispose() {},
};

test("a median and its quartiles", () => {
  expect(summarize([3, 1, 2])).toEqual({ median: 2, quartiles: [1.5, 2.5], runs: 3 });
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([9], 0.25)).toBe(9);
  expect(() => summarize([])).toThrow("no samples");
});

test("the command line", () => {
  const all = ["W1", "W2", "W3", "W3-GRU", "W3-RNN", "W4", "W5", "W6"];
  expect(parseBenchOptions([])!.workloads.map(({ name }) => name)).toEqual(all);
  const quick = parseBenchOptions(["--quick", "--only", "W3,W1", "--json", "a.json"])!;
  expect(quick).toMatchObject({ workloads: [{ name: "W1" }, { name: "W3" }], json: "a.json" });
  expect(quick.effort.runs).toBeLessThan(parseBenchOptions([])!.effort.runs);
  expect(parseBenchOptions(["--help"])).toBeUndefined();
  expect(() => parseBenchOptions(["--only", "W9"])).toThrow(
    '--only must be of W1, W2, W3, W3-GRU, W3-RNN, W4, W5, W6, got "W9"',
  );
  expect(() => parseBenchOptions(["--fast"])).toThrow("--fast");
});

describe("the first loss", () => {
  test("of a model whose weights are all zero is the mean square of the targets", () => {
    for (const everyStep of [false, true]) {
      const { weights, ...problem } = makeProblem({ ...small, everyStep });
      const zero = new Map(
        [...weights].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 0) }]),
      );
      const { data } = problem.y;
      const mean = data.reduce((sum, value) => sum + value * value, 0) / data.length;
      expect(lossOf({ ...problem, weights: zero })).toBeCloseTo(mean, 6);
    }
  });

  test("depends on the order of samples and time steps", () => {
    const problem = makeProblem({ ...small, everyStep: true, inputSize: 2, outputSize: 3 });
    const loss = lossOf(problem);
    const reversed = { shape: problem.x.shape, data: problem.x.data.toReversed() };
    expect(Math.abs(lossOf({ ...problem, x: reversed }) - loss)).toBeGreaterThan(1e-6);
    expect(lossOf(makeProblem({ ...small, everyStep: true, inputSize: 2, outputSize: 3 }))).toBe(loss);
  });

  test("that is wrong has no time", async () => {
    const loss = lossOf(makeProblem(small));
    expect(() => checkResult("x", Float32Array.of(loss * (1 + 1e-6)), Float64Array.of(loss))).not.toThrow();
    const wrong = pretender(loss * 1.001);
    await expect(measure(small, [wrong], ceiling, effort)).rejects.toThrow(
      "pretender at S: the first loss must be",
    );
    expect(wrong).toMatchObject({ steps: 0, disposed: 1 });
    await expect(measure(small, [pretender(Number.NaN)], ceiling, effort)).rejects.toThrow("got NaN");
  });
});

test("samples become figures and tables", async () => {
  const contestants = [pretender(lossOf(makeProblem(small))), pretender(lossOf(makeProblem(small)))];
  const measured = await measure(small, contestants, ceiling, effort);
  expect(contestants.map(({ disposed }) => disposed)).toEqual([1, 1]);
  expect(measured.map(({ samples }) => samples.steps.length)).toEqual([3, 3]);

  expect(measured[0]!.samples.ceilings).toEqual(Array(3).fill({ wall: 1, cpu: 2 }));

  const samples = {
    steps: [10, 20, 40].map((wallMs) => ({ wallMs, cpuMs: wallMs / 2 })),
    encodeMs: [0.01, 0.02, 0.04],
    ceilings: [1, 0.5, 0.125].map((wall) => ({ wall, cpu: 4 * wall })),
  };
  expect(figuresOf({ ...measured[0]!, samples }, false).shareByCpu).toBe(null);
  const figures = figuresOf({ ...measured[0]!, samples }, true);
  expect(figures).toMatchObject({
    workload: "S",
    stepMs: { median: 20, runs: 3 },
    encodeMicrosADispatch: 10,
    gflops: 0.25,
    stepCpuMs: { median: 10 },
    shareByCpu: 0.25,
    shareOfCeiling: 0.5, // 0.5/1, 0.25/0.5 and 0.125/0.125
    bytesTotal: 1500,
  });
  const lines = table([figures]).split("\n");
  expect(lines.length).toBe(3);
  expect(lines[2]).toContain("| 20.0 (15.0–30.0) |");
  expect(lines[2]).toContain("| 50.0 % |");
  expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
  expect(memoryTable([figures])).toContain("parameter, kB | staging, kB");
});
