/** The parts of `npm run bench` that need no GPU. */
import { describe, expect, test } from "vitest";
import type { CeilingSamples } from "../../bench/ceilings.ts";
import { type Figures, figuresOf } from "../../bench/figures.ts";
import { measure } from "../../bench/measure.ts";
import { parseBenchOptions } from "../../bench/options.ts";
import { stepPlot, sweepPlot } from "../../bench/plots.ts";
import { checkResult, referenceResult } from "../../bench/reference.ts";
import { memoryTable, ownTable, ratioTable, stepTable } from "../../bench/report.ts";
import { withSections } from "../../bench/results.ts";
import type { Seat } from "../../bench/seat.ts";
import { axes, sweepTables } from "../../bench/sweep.ts";
import { targetTable } from "../../bench/targets.ts";
import { quantile, summarize } from "../../tasks/statistics/statistics.ts";
import { makeProblem, type Problem, type Workload, workloads } from "../../tasks/workloads/workload.ts";

const small: Workload = { ...workloads[0]!, name: "S", hiddenSize: 2, seqLen: 3, batch: 4 };
const effort = { runs: 3, least: 1, seconds: 10, patience: 5 };

const ceiling = { sample: async () => ({ flops: 2e6, elapsed: { wallMs: 2, cpuMs: 1 } }) };

/** A library with `first` as its first result and a falling loss. */
function pretender(
  first: number,
  options: Partial<Seat> & { readonly opensAfterMs?: number; readonly failsAfter?: number } = {},
) {
  const self = { steps: 0, closed: 0, stopped: 0 };
  const seat: Seat = {
    name: "webgpu-lstm",
    place: "Node",
    ours: true,
    ceiling,
    async open() {
      await new Promise((resolve) => setTimeout(resolve, options.opensAfterMs ?? 0));
      return {
        firstStepMs: 7,
        firstResult: Float32Array.of(first),
        work: { flops: 5e6, dispatches: 2, bytes: { activation: 2400, staging: 500 }, plan: "" },
        async sample(count: number) {
          if (self.steps >= (options.failsAfter ?? Number.POSITIVE_INFINITY)) throw new Error("page crashed");
          self.steps += count;
          return { wallMs: 10, cpuMs: 5, encodeMs: 0.02 };
        },
        result: async () => Float32Array.of(first - self.steps * 1e-3),
        close: async () => void self.closed++,
      };
    },
    stop: async () => void self.stopped++,
    ...options,
  };
  return { seat, self };
}

const peer = { name: "peer", place: "Python", ours: false, ceiling: null } as const;
const lossOf = (problem: Problem) => referenceResult(problem)[0]!;

test("computes a median and quartiles", () => {
  expect(summarize([3, 1, 2])).toEqual({ median: 2, quartiles: [1.5, 2.5], runs: 3 });
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([9], 0.25)).toBe(9);
  expect(() => summarize([])).toThrow("no samples");
});

test("parses the command line", () => {
  const all = parseBenchOptions([])!;
  expect(all.workloads.map(({ name }) => name).join()).toBe("W1,W2,W3,W3-GRU,W3-RNN,W4,W5,W6,W6-recompute");
  expect(all).toMatchObject({ sweeps: true, places: ["Chromium", "Node", "lavapipe"], docs: false });
  expect(all.peers.length).toBe(7);
  const quick = parseBenchOptions(["--quick", "--only", "W3,W1", "--json", "a.json"])!;
  expect(quick).toMatchObject({ workloads: [{ name: "W1" }, { name: "W3" }], sweeps: false, json: "a.json" });
  expect(quick.peers).toEqual(["tfjs-wasm", "jax-js-wasm", "onnxruntime-wasm", "pytorch"]);
  expect(quick.effort.runs).toBeLessThan(all.effort.runs);
  expect(parseBenchOptions(["--sweep"])).toMatchObject({ workloads: [], sweeps: true });
  expect(parseBenchOptions(["--peers", "none", "--places", "Node"])).toMatchObject({
    peers: [],
    places: ["Node"],
  });
  expect(parseBenchOptions(["--help"])).toBeUndefined();
  expect(() => parseBenchOptions(["--only", "W9"])).toThrow(
    '--only must be of W1, W2, W3, W3-GRU, W3-RNN, W4, W5, W6, W6-recompute, got "W9"',
  );
  expect(() => parseBenchOptions(["--peers", "torch"])).toThrow('got "torch"');
  expect(() => parseBenchOptions(["--patience", "soon"])).toThrow('seconds, got "soon"');
  expect(() => parseBenchOptions(["--fast"])).toThrow("--fast");
});

describe("the first result", () => {
  test("of a model with zero weights is the mean square of the targets", () => {
    for (const everyStep of [false, true]) {
      const { weights, ...problem } = makeProblem({ ...small, everyStep });
      const { data } = problem.y;
      const mean = data.reduce((sum, value) => sum + value * value, 0) / data.length;
      expect(lossOf({ ...problem, weights: zeros(weights) })).toBeCloseTo(mean, 6);
    }
  });

  test("with equally likely classes is the logarithm of their number", () => {
    const workload: Workload = { ...small, outputSize: 5, everyStep: true, loss: "cross-entropy" };
    const { weights, ...problem } = makeProblem(workload);
    expect([...problem.y.data].every((value) => Number.isInteger(value) && value >= 0 && value < 5)).toBe(
      true,
    );
    expect(lossOf({ ...problem, weights: zeros(weights) })).toBeCloseTo(Math.log(5), 6);
  });

  test("depends on the order of samples and time steps", () => {
    const workload = { ...small, everyStep: true, inputSize: 2, outputSize: 3 };
    const problem = makeProblem(workload);
    const loss = lossOf(problem);
    const reversed = { shape: problem.x.shape, data: problem.x.data.toReversed() };
    expect(Math.abs(lossOf({ ...problem, x: reversed }) - loss)).toBeGreaterThan(1e-6);
    expect(lossOf(makeProblem(workload))).toBe(loss);
  });

  test("of inference is the last layer's hidden state for the batch's first rows", () => {
    const problem = makeProblem({ ...small, task: "infer", outputSize: 0, numLayers: 2, batch: 7 });
    const hidden = referenceResult(problem);
    expect(hidden.length).toBe(4 * 2);
    const given = Float32Array.from({ length: 7 * 2 }, (_, i) => hidden[i] ?? 0);
    expect(() => checkResult("x", given, hidden)).not.toThrow();
    given[3]! += 1e-4;
    expect(() => checkResult("x", given, hidden)).toThrow("off by 1.0e-4; not timed");
    given[3] = Number.NaN;
    expect(() => checkResult("x", given, hidden)).toThrow("off by NaN");
    expect(() => checkResult("x", given.subarray(0, 3), hidden)).toThrow("expected 8 hidden values");
  });

  test("gets no time if it is wrong", async () => {
    const loss = lossOf(makeProblem(small));
    const expected = Float64Array.of(loss);
    expect(() => checkResult("x", Float32Array.of(loss * (1 + 1e-6)), expected)).not.toThrow();
    const { seat, self } = pretender(loss * 1.001);
    const { measurements, failures } = await measure(small, [seat, pretender(Number.NaN).seat], effort);
    expect(measurements).toEqual([]);
    expect(failures[0]!.reason).toContain("webgpu-lstm at S: the first loss must be");
    expect(failures[1]!.reason).toContain("got NaN");
    expect(self).toMatchObject({ steps: 0, closed: 1 });
  });
});

test("reports a peer that is wrong, too slow or ends, and continues with the others", async () => {
  const loss = lossOf(makeProblem(small));
  const wrong = pretender(loss * 1.001, peer);
  const slow = pretender(loss, { ...peer, name: "slow", opensAfterMs: 400 });
  const crashing = pretender(loss, { ...peer, name: "crashing", failsAfter: 5 });
  const right = pretender(loss, { ...peer, name: "right" });
  const seats = [pretender(loss), wrong, slow, crashing, right].map(({ seat }) => seat);
  const { measurements, failures } = await measure(small, seats, { ...effort, patience: 0.1 });
  expect(measurements.map(({ contestant }) => contestant)).toEqual(["webgpu-lstm", "right"]);
  expect(failures.map(({ contestant, reason }) => [contestant, reason])).toEqual([
    ["peer", expect.stringContaining("the first loss must be")],
    ["slow", "not within 0.1 s"],
    ["crashing", "page crashed"],
  ]);
  expect([wrong.self.stopped, slow.self.stopped, right.self.stopped]).toEqual([1, 1, 0]);
  expect(measurements[1]!.ceilings).toEqual([]);
  const figures = measurements.map((measurement) => figuresOf(measurement, true));
  const table = stepTable(figures, failures);
  expect(table).toContain("| ms a step | webgpu-lstm, Node |");
  expect(table).toContain("- S without a time, slow: not within 0.1 s");
  expect(ratioTable(figures)).toBe(""); // Nothing was measured in a browser.
});

test("turns samples into figures and tables", async () => {
  const loss = lossOf(makeProblem(small));
  const contestants = [pretender(loss), pretender(loss)];
  const { measurements } = await measure(
    small,
    contestants.map(({ seat }) => seat),
    effort,
  );
  expect(contestants.map(({ self }) => self.closed)).toEqual([1, 1]);
  expect(measurements.map(({ samples }) => samples.length)).toEqual([3, 3]);
  expect(measurements[0]!.stepsASample).toBe(2); // 10 ms each
  expect(measurements[0]!.ceilings).toEqual(Array(3).fill({ wall: 1, cpu: 2 }));

  const samples = [10, 20, 40].map((wallMs, i) => {
    return { wallMs, cpuMs: wallMs / 2, encodeMs: [0.01, 0.02, 0.04][i]! };
  });
  const ceilings = [1, 0.5, 0.125].map((wall) => ({ wall, cpu: 4 * wall }));
  expect(figuresOf({ ...measurements[0]!, samples, ceilings }, false).shareByCpu).toBe(null);
  const figures = figuresOf({ ...measurements[0]!, samples, ceilings }, true);
  expect(figures).toMatchObject({
    workload: "S",
    stepMs: { median: 20, runs: 3 },
    encodeMicrosADispatch: 10,
    gflops: 0.25,
    stepCpuMs: { median: 10 },
    shareByCpu: 0.25,
    shareOfCeiling: 0.5, // 0.5/1, 0.25/0.5 and 0.125/0.125
    bytesTotal: 2900,
    activationBytes: 100, // 2400 / (3 · 4 · 2)
  });
  const lines = ownTable([figures]).split("\n");
  expect(lines.length).toBe(3);
  expect(lines[2]).toContain("| 20.0 (15.0–30.0) |");
  expect(lines[2]).toContain("| 50.0 % |");
  expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
  expect(memoryTable([figures])).toContain("activation, kB | staging, kB | activation bytes a (t, b, unit)");

  const browser = { ...figures, place: "Chromium", stepMs: { ...figures.stepMs, median: 5 } };
  expect(ratioTable([browser, figures])).toContain("4.00×");
});

test("compares targets with the figures in the browser", () => {
  const row = { workload: "W1", place: "Chromium", firstStepMs: 900, shareOfCeiling: 0.3, bytes: {} };
  const rest = { gflops: 6, stepMs: { median: 100, quartiles: [100, 100], runs: 5 } };
  const ours = { ...row, ...rest, contestant: "webgpu-lstm" } as unknown as Figures;
  const node = { ...ours, place: "Node", shareOfCeiling: 0.9 };
  const peer = { ...ours, contestant: "tfjs-webgpu", stepMs: { ...ours.stepMs, median: 5000 } };
  const failure = { workload: workloads[0]!, contestant: "jax-js-webgpu", place: "Chromium" };
  const failures = [{ ...failure, reason: "not within 60 s" }];
  const ceilings = [
    { place: "Chromium", encodeMicros: [2, 2.5, 9] },
    { place: "Node", encodeMicros: [4] },
  ] as unknown as CeilingSamples[];
  const table = targetTable({ ceilings, figures: [node, ours, peer], failures, streams: [], sweeps: [] });
  const lines = table.split("\n").map((line) => line.replaceAll(/ +/g, " "));
  expect(lines).toContain("| W1: 40 % of the FMA rate or more | 30.0 % | **missed**, 0.750 of it |");
  expect(lines).toContain("| W1: 40× as fast as tfjs-webgpu | 50.0× as fast | reached |");
  expect(lines).toContain(
    "| W1: 3× as fast as jax-js-webgpu | more than 600×: jax-js-webgpu was given 60 s | reached |",
  );
  expect(lines).toContain(
    "| W1: 40 % of 12 GFLOP/s, the FMA rate when the target was set | 6.00 GFLOP/s | reached |",
  );
  expect(lines).toContain("| encode under 3 µs a dispatch | 2.50 µs | reached |");
  expect(lines).toContain(
    "| W1: first step under 3 steps plus 500 ms | 900 ms of 800 | **missed**, 1.13 of it |",
  );
  expect(table).not.toContain("W3");
});

test("plots are complete SVG files with a bar or point for every measurement", () => {
  const stepMs: Figures["stepMs"] = { median: 5, quartiles: [4, 6], runs: 3 };
  const row = { workload: "W1", contestant: "webgpu-lstm", place: "Node", stepMs } as unknown as Figures;
  const peer = { ...row, contestant: "tfjs-wasm", stepMs: { ...stepMs, median: 50 } };
  const steps = stepPlot([row, peer]);
  expect(steps).toMatch(/^<svg .*<\/svg>\n$/s);
  expect(steps.match(/<rect class="bar/g)?.length).toBe(2);
  const points = axes.flatMap(({ name, sizes }) =>
    sizes.map((size) => {
      const seat = { contestant: "webgpu-lstm", place: "Node", samples: 1, share: 0.4 };
      return { axis: name, size, ms: size, ...seat };
    }),
  );
  const sweeps = sweepPlot(points);
  expect(sweeps.match(/<circle/g)?.length).toBe(points.length);
  expect(sweeps).not.toMatch(/NaN|undefined/);
  const table = sweepTables(points);
  expect(table).toContain("**T** at I = 64, H = 128, B = 32");
  expect(table.match(/ 1\.00 \| 40\.0 %/g)?.length).toBe(points.length - axes.length);
});

test("writes the report's tables between their marks", () => {
  const page = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n";
  expect(withSections(page, { x: "new" })).toBe("a\n<!-- bench:x -->\n\nnew\n\n<!-- /bench:x -->\nb\n");
  expect(withSections(page, { x: "" })).toBe(page);
  expect(() => withSections(page, { y: "new" })).toThrow("no place for y");
});

function zeros(weights: Problem["weights"]): Problem["weights"] {
  return new Map([...weights].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 0) }]));
}
