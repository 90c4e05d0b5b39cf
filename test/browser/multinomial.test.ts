/** Draws by weights on the GPU. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError, manualSeed, OptionError, ShapeError, type Tensor } from "webgpu-lstm";
import { philox } from "../reference/philox.ts";
import { refusals } from "../refusal.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

/** Runs a function of weights several times. */
async function runs(
  weights: readonly (readonly number[])[],
  f: (weights: Tensor) => Tensor,
  times = 1,
): Promise<number[][]> {
  return frame.run(async (device) => {
    const step = await device.compile(({ w }) => ({ y: f(w) }), {
      inputs: { w: [weights.length, weights[0]!.length] },
    });
    const read: number[][] = [];
    for (let i = 0; i < times; i++) read.push([...(await step.ask({ w: weights.flat() }, "y")).data]);
    step.dispose();
    return read;
  });
}

/** The order in which the classes of a row arrive, as multinomial.wgsl describes the race. */
function race(weights: readonly number[], draw: number, run: number, seed: number): number[] {
  const speeds = weights.map((weight, c) => {
    const word = philox([Math.floor(c / 4), draw, run, 0], [seed, 0])[c % 4]!;
    return weight / -Math.log1p(-((word >>> 8) + 0.5) / 2 ** 24);
  });
  return weights.map((_, c) => c).sort((a, b) => speeds[b]! - speeds[a]!);
}

const rows = [
  [1, 2, 0.5, 0.25, 3, 1, 0.125],
  [0, 1, 1, 0, 1, 8, 1],
  [0.01, 0.02, 0.03, 0, 0, 0.5, 0.25],
];

test("the draws are those of the race, by seed, row, draw and run", async () => {
  const seed = manualSeed(5).random();
  manualSeed(5);
  const drawn = await runs(rows, (w) => w.multinomial(5, true), 3);
  for (const [run, values] of drawn.entries()) {
    const expected = rows.flatMap((row, r) =>
      Array.from({ length: 5 }, (_, draw) => race(row, 5 * r + draw, run, seed)[0]),
    );
    expect(values).toEqual(expected);
  }
  expect(new Set(drawn.map(String)).size).toBe(3);
});

test("without replacement, they are the first of one race", async () => {
  const seed = manualSeed(6).random();
  manualSeed(6);
  for (const [run, values] of (await runs(rows, (w) => w.multinomial(4), 3)).entries()) {
    expect(values).toEqual(rows.flatMap((row, r) => race(row, r, run, seed).slice(0, 4)));
  }
});

test("every class comes as often as its weight says, within 5 sigma", async () => {
  manualSeed(1);
  const weights = [0.5, 3, 0, 1.25, 0.001, 0.25];
  const total = weights.reduce((a, b) => a + b);
  const count = 100_003;
  const [drawn] = await runs([weights], (w) => w.multinomial(count, true));
  expect(drawn).toHaveLength(count);
  for (const [c, weight] of weights.entries()) {
    const p = weight / total;
    const seen = drawn!.filter((value) => value === c).length;
    expect(Math.abs(seen - count * p)).toBeLessThanOrEqual(5 * Math.sqrt(count * p * (1 - p)));
  }
});

test("the second of two without replacement comes by the weights that are left", async () => {
  manualSeed(2);
  const count = 20_000;
  const weights = [1, 2, 3];
  const drawn = await runs(
    Array.from({ length: count }, () => weights),
    (w) => w.multinomial(2),
  );
  for (const [first, second, p] of [
    [0, 1, (1 / 6) * (2 / 5)],
    [0, 2, (1 / 6) * (3 / 5)],
    [2, 0, (3 / 6) * (1 / 3)],
    [2, 1, (3 / 6) * (2 / 3)],
  ] as const) {
    const values = drawn[0]!;
    const seen = Array.from(
      { length: count },
      (_, r) => values[2 * r] === first && values[2 * r + 1] === second,
    );
    expect(Math.abs(seen.filter(Boolean).length - count * p)).toBeLessThan(
      5 * Math.sqrt(count * p * (1 - p)),
    );
  }
});

describe("weights that are no probabilities", () => {
  const ofRow = (change: (w: Tensor) => Tensor) => async () => {
    const [drawn] = await runs(rows, (w) => change(w).multinomial(2), 1);
    return drawn!;
  };
  const zero = (w: Tensor) => w.mul(0);
  test.each<[string, () => Promise<number[]>]>([
    ["all 0", ofRow(zero)],
    ["one infinite", ofRow((w) => w.div(w.sub(w.slice(1, 5, 6))))],
    ["NaN", ofRow((w) => zero(w).div(zero(w)))],
    ["negative", ofRow((w) => w.sub(1000))],
  ])("%s: NaN", async (_, draw) => {
    expect(await draw()).toEqual(new Array(6).fill(Number.NaN));
  });

  test("fewer than are drawn: NaN after the last", async () => {
    expect((await runs([[0, 3, 0]], (w) => w.multinomial(2)))[0]).toEqual([1, Number.NaN]);
  });

  test("are refused on the host", () =>
    frame.run(async (device) => {
      const refuses = refusals(device);
      const step = await device.compile(({ w }) => ({ y: w.multinomial(1) }), { inputs: { w: [3] } });
      await refuses(
        () => step.run({ w: [1, -1, 1] }),
        DataError,
        "every weight must be at least 0, got -1 at index 1",
      );
      step.dispose();
      const compile = (f: (w: Tensor) => Tensor, shape: readonly number[]) =>
        device.compile(({ w }) => ({ y: f(w!) }), { inputs: { w: shape } });
      await refuses(
        () => compile((w) => w.multinomial(4), [3]),
        ShapeError,
        "Tensor.multinomial",
        "replacement",
        "[3] and 4",
      );
      await refuses(() => compile((w) => w.multinomial(1), [1, 2, 3]), ShapeError, "[rows, classes]");
      await refuses(() => compile((w) => w.multinomial(0), [3]), OptionError, "numSamples", "got 0");
    }));
});
