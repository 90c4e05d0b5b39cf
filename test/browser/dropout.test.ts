import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grad, manualSeed, nn, type Tensor } from "webgpu-lstm";
import { dropout } from "../../src/nn/dropout.ts";
import { philox } from "../reference/philox.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

const ones = (size: number) => new Float32Array(size).fill(1);

/** Runs a function of a vector of ones several times. */
async function runs(size: number, f: (x: Tensor) => Tensor, times = 1): Promise<number[][]> {
  return frame.run(async (device) => {
    const step = await device.compile(({ x }) => ({ y: f(x) }), { inputs: { x: [size] } });
    const read: number[][] = [];
    for (let i = 0; i < times; i++) read.push([...(await step.run({ x: ones(size) }).y.read()).data]);
    step.dispose();
    return read;
  });
}

test.each([0.1, 0.5, 0.9])(
  "p = %f: the rate is right within 5 sigma, kept elements are scaled",
  async (p) => {
    manualSeed(1);
    const size = 100_003;
    const [y] = await runs(size, (x) => dropout(x, p));
    const scale = Math.fround(1 / (1 - p));
    expect(new Set(y)).toEqual(new Set([0, scale]));
    const kept = y!.filter((value) => value !== 0).length;
    const sigma = Math.sqrt(size * p * (1 - p));
    expect(Math.abs(kept - size * (1 - p))).toBeLessThan(5 * sigma);
    // Neighbours are independent: they agree as often as independent draws.
    const agree = y!.filter((value, i) => i > 0 && value === y![i - 1]).length;
    const chance = p * p + (1 - p) * (1 - p);
    expect(Math.abs(agree - (size - 1) * chance)).toBeLessThan(
      5 * Math.sqrt(size * chance * (1 - chance)) + 5 * sigma * Math.abs(1 - 2 * p),
    );
  },
);

test("the bits are Philox's, by seed, stream, run and position", async () => {
  const seed = manualSeed(3).random();
  manualSeed(3);
  const p = 0.3;
  const keepBelow = Math.round((1 - p) * 2 ** 32);
  const size = 33;
  const both = await frame.run(async (device) => {
    const step = await device.compile(({ x }) => ({ a: dropout(x, p), b: dropout(x, p) }), {
      inputs: { x: [size] },
    });
    const read: [number[], number[]][] = [];
    for (let run = 0; run < 3; run++) {
      const { a, b } = step.run({ x: ones(size) });
      read.push([[...(await a.read()).data], [...(await b.read()).data]]);
    }
    step.dispose();
    return read;
  });
  for (const [run, streams] of both.entries()) {
    for (const [stream, values] of streams.entries()) {
      const kept = values.map((_, i) => {
        return philox([Math.floor(i / 4), 0, run, 0], [seed, stream])[i % 4]! < keepBelow;
      });
      expect(values.map((value) => value !== 0)).toEqual(kept);
    }
  }
});

test("drops the gradient where it dropped the value, in every run", async () => {
  await frame.run(async (device) => {
    const step = await device.compile(
      ({ x, w }) => {
        const y = dropout(x, 0.4);
        return { y, gradient: grad(y.mul(w).sum(), [x])[0]! };
      },
      { inputs: { x: [7, 11], w: [7, 11] } },
    );
    const w = Float32Array.from({ length: 77 }, (_, i) => i + 1);
    const masks = new Set<string>();
    for (let run = 0; run < 4; run++) {
      const { y, gradient } = step.run({ x: ones(77), w });
      const values = (await y.read()).data;
      masks.add(values.join());
      const expected = values.map((value, i) => Math.fround(value * w[i]!));
      expect((await gradient.read()).data).toEqual(expected);
    }
    expect(masks.size).toBe(4);
    step.dispose();
  });
});

describe("seeds and streams", () => {
  test("the same seed gives the same bits in every run, another seed other bits", async () => {
    const draw = (seed: number) => {
      manualSeed(seed);
      return runs(64, (x) => dropout(x), 3);
    };
    const first = await draw(7);
    expect(await draw(7)).toEqual(first);
    expect(new Set([...first, ...(await draw(8))].map((values) => values.join())).size).toBe(6);
  });

  test("two layers draw independently", async () => {
    manualSeed(0);
    const [both] = await runs(40_000, (x) => dropout(x).mul(dropout(x)));
    const kept = both!.filter((value) => value !== 0).length;
    expect(Math.abs(kept - 10_000)).toBeLessThan(5 * Math.sqrt(40_000 * 0.25 * 0.75));
  });
});

test("p = 0 and evaluation return the tensor itself, p = 1 gives zeros", async () => {
  const layer = new nn.Dropout(0.5);
  const none = new nn.Dropout(0);
  const all = new nn.Dropout(1);
  await frame.run(async (device) => {
    const step = await device.compile(
      ({ x }) => {
        expect(none.forward(x)).toBe(x);
        expect(new nn.Dropout().eval().forward(x)).toBe(x);
        expect(dropout(x, 0.5, false)).toBe(x);
        expect(layer.forward(x)).not.toBe(x);
        const y = all.forward(x);
        return { y, gradient: grad(y.sum(), [x])[0]! };
      },
      { inputs: { x: [5] } },
    );
    const { y, gradient } = step.run({ x: ones(5) });
    expect([...(await y.read()).data]).toEqual([0, 0, 0, 0, 0]);
    expect([...(await gradient.read()).data]).toEqual([0, 0, 0, 0, 0]);
    step.dispose();
  });
});

test.each([0.5, 1])(
  "p = %f: a dropped element is 0 times its value, as in PyTorch: NaN stays NaN",
  async (p) => {
    const size = 256;
    await frame.run(async (device) => {
      // 0/0 is NaN, 1/0 infinite.
      const step = await device.compile(({ x, zero }) => ({ y: dropout(x.div(zero), p) }), {
        inputs: { x: [size], zero: [size] },
      });
      const x = Float32Array.from({ length: size }, (_, i) => i % 2);
      const { data } = await step.run({ x, zero: new Float32Array(size) }).y.read();
      step.dispose();
      expect(new Set(data.filter((_, i) => i % 2 === 0))).toEqual(new Set([Number.NaN]));
      const ofInfinite = new Set(data.filter((_, i) => i % 2 === 1));
      expect(ofInfinite).toEqual(new Set(p === 1 ? [Number.NaN] : [Number.NaN, Number.POSITIVE_INFINITY]));
    });
  },
);
