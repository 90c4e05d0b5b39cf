import { describe, expect, it } from "vitest";
import { OptionError, ShapeError } from "../../src/errors.ts";
import { defaultGenerator, Generator, manualSeed, rand, randn } from "../../src/random.ts";
import { floatsFromHex, goldenJson } from "../goldens.ts";

type Draw =
  | { kind: "uniform"; from: number; to: number; values: string }
  | { kind: "normal"; mean: number; std: number; values: string }
  | { kind: "randperm"; values: number[] }
  | { kind: "int64"; value: string };

const golden = goldenJson<{
  seeds: { seed: string; draws: Draw[] }[];
  models: Record<string, { name: string; shape: number[]; values: string }[]>;
  dataloader: { seed: number; size: number; batchSize: number; dropLast: boolean; epochs: number[][][] }[];
}>("random.json");

const bitsOf = (values: Float32Array) => [
  ...new Uint32Array(values.buffer, values.byteOffset, values.length),
];

/** Distance of two values in float32 steps, counted through zero. */
function ulps(a: number, b: number): number {
  const ordinal = (value: number) => {
    const bits = new Int32Array(Float32Array.of(value).buffer)[0]!;
    return bits < 0 ? -(bits & 0x7fffffff) : bits;
  };
  return Math.abs(ordinal(a) - ordinal(b));
}

/** From 16 elements on, PyTorch approximates log, sin and cos in float32 (see Generator.normal_). Times the deviation. */
const largestNormalError = 4 * 2 ** -23;

function expectNormal(actual: Float32Array, draw: Extract<Draw, { kind: "normal" }>): void {
  const expected = floatsFromHex(draw.values);
  expect(actual.length).toBe(expected.length);
  if (expected.length < 16) {
    expect(bitsOf(actual)).toEqual(bitsOf(expected));
    return;
  }
  for (let i = 0; i < expected.length; i++) {
    if (draw.mean === 0) expect(ulps(actual[i]!, expected[i]!), `element ${i}`).toBeLessThanOrEqual(3);
    const error = Math.abs(actual[i]! - expected[i]!);
    expect(error, `element ${i}`).toBeLessThanOrEqual(largestNormalError * draw.std);
  }
}

describe("Generator", () => {
  it.each(golden.seeds)("draws what PyTorch draws from one stream, seed $seed", ({ seed, draws }) => {
    const generator = new Generator(BigInt(seed));
    for (const draw of draws) {
      if (draw.kind === "uniform") {
        const expected = floatsFromHex(draw.values);
        const actual = generator.uniform_(new Float32Array(expected.length), draw.from, draw.to);
        expect(bitsOf(actual)).toEqual(bitsOf(expected));
      } else if (draw.kind === "normal") {
        const actual = new Float32Array(draw.values.length / 8);
        expectNormal(generator.normal_(actual, draw.mean, draw.std), draw);
      } else if (draw.kind === "randperm") {
        expect([...generator.randperm(draw.values.length)]).toEqual(draw.values);
      } else {
        expect(generator.randomInt64().toString()).toBe(draw.value);
      }
    }
  });

  it.each(Object.keys(golden.models))("gives the initial weights of %s bit for bit", (model) => {
    const generator = manualSeed(0);
    for (const { name, shape, values } of golden.models[model]!) {
      // The bound is 1/sqrt(hidden) for LSTM and 1/sqrt(inputs) for Linear; here both are H.
      const bound = 1 / Math.sqrt(model === "lstm_1_50" ? 50 : 20);
      const expected = floatsFromHex(values);
      expect(expected.length, name).toBe(shape.reduce((a, b) => a * b, 1));
      expect(bitsOf(generator.uniform_(new Float32Array(expected.length), -bound, bound)), name).toEqual(
        bitsOf(expected),
      );
    }
  });

  it.each(golden.dataloader)("gives the order of a shuffled DataLoader, seed $seed", (loader) => {
    const generator = new Generator(loader.seed);
    for (const batches of loader.epochs) {
      generator.randomInt64(); // the workers' base seed
      const order = [...generator.randperm(loader.size)];
      generator.randperm(loader.size); // the exhausted sampler draws one more order
      const drawn = batches.flat();
      expect(order.slice(0, drawn.length)).toEqual(drawn);
      expect(drawn.length).toBe(
        loader.dropLast ? loader.size - (loader.size % loader.batchSize) : loader.size,
      );
    }
  });

  it("is the Mersenne Twister of Matsumoto and Nishimura", () => {
    const generator = new Generator(5489);
    let last = 0;
    for (let i = 0; i < 10_000; i++) last = generator.random();
    expect(last).toBe(4123659995); // the value that the C++ standard requires of mt19937
  });

  it("uses the first of two draws as the upper half of random64", () => {
    const a = new Generator(3);
    const b = new Generator(3);
    expect(a.random64()).toBe((BigInt(b.random()) << 32n) | BigInt(b.random()));
  });

  it("continues from a saved state, including a waiting normal value", () => {
    const generator = new Generator(11);
    generator.normal_(new Float32Array(3)); // one value of a pair remains
    const state = JSON.parse(JSON.stringify(generator.getState()));
    const next = bitsOf(generator.normal_(new Float32Array(700)));
    const resumed = new Generator(99).setState(state);
    expect(bitsOf(resumed.normal_(new Float32Array(700)))).toEqual(next);
    const five = bitsOf(generator.normal_(new Float32Array(5)));
    expect(bitsOf(resumed.normal_(new Float32Array(5)))).toEqual(five);
  });

  it("drops the waiting normal value when seeded", () => {
    const generator = new Generator(1);
    const first = bitsOf(generator.normal_(new Float32Array(1)));
    expect(bitsOf(generator.manualSeed(1).normal_(new Float32Array(1)))).toEqual(first);
  });

  it("refuses an invalid state and keeps its own", () => {
    const generator = new Generator(1);
    const good = generator.getState();
    const words = good.words.slice(1);
    for (const bad of [
      null,
      {},
      { ...good, words },
      { ...good, index: 700 },
      { ...good, nextNormal: Number.NaN },
    ]) {
      expect(() => generator.setState(bad as never)).toThrow(OptionError);
    }
    expect(() => generator.setState({ ...good, words: [...words, -1] })).toThrow(/Generator.setState/);
    expect(generator.getState()).toEqual(good);
  });

  it.each([1.5, Number.NaN, 2 ** 53, 2n ** 64n, -(2n ** 63n) - 1n, "0", null])(
    "refuses the seed %s",
    (seed) => {
      expect(() => new Generator(seed as number)).toThrow(OptionError);
      expect(() => manualSeed(seed as number)).toThrow(/^manualSeed: seed must be an integer/);
      expect(() => new Generator(1).manualSeed(seed as number)).toThrow(/^Generator.manualSeed: seed/);
    },
  );

  it("uses the low 32 bits of a seed, in two's complement", () => {
    expect(new Generator(2n ** 32n + 5n).random()).toBe(new Generator(5).random());
    expect(new Generator(-1).random()).toBe(new Generator(2 ** 32 - 1).random());
  });

  it("refuses invalid ranges and sizes", () => {
    const generator = new Generator(0);
    const out = new Float32Array(2);
    expect(() => generator.uniform_(out, 1, 0)).toThrow(OptionError);
    expect(() => generator.uniform_(out, Number.NaN, 1)).toThrow(OptionError);
    expect(() => generator.uniform_(out, 0, Number.POSITIVE_INFINITY)).toThrow(OptionError);
    expect(() => generator.uniform_(out, -3e38, 3e38)).toThrow(OptionError);
    expect(() => generator.uniform_([0] as never)).toThrow(/out must be a Float32Array/);
    expect(() => generator.normal_(out, 0, -1)).toThrow(OptionError);
    expect(() => generator.randperm(-1)).toThrow(OptionError);
    expect(() => generator.randperm(2.5)).toThrow(OptionError);
    expect(generator.getState()).toEqual(new Generator(0).getState()); // nothing was drawn
  });

  it("permutes zero or one elements without a draw", () => {
    const generator = new Generator(0);
    expect([...generator.randperm(0)]).toEqual([]);
    expect([...generator.randperm(1)]).toEqual([0]);
    expect(generator.random()).toBe(new Generator(0).random());
  });
});

describe("rand and randn", () => {
  it("draw from the default generator, or from a given one", () => {
    expect(manualSeed(7)).toBe(defaultGenerator);
    const uniform = rand([3, 5]);
    expect(uniform.shape).toEqual([3, 5]);
    expect(bitsOf(uniform.data)).toEqual(bitsOf(new Generator(7).uniform_(new Float32Array(15))));
    const normal = randn([4, 6], { generator: new Generator(8) });
    expect(bitsOf(normal.data)).toEqual(bitsOf(new Generator(8).normal_(new Float32Array(24))));
    expect(rand([]).data.length).toBe(1);
  });

  it("have the moments of their distributions", () => {
    const { data } = randn([100_000], { generator: new Generator(12) });
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const variance = data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length;
    expect(Math.abs(mean)).toBeLessThan(0.013); // 4 standard errors
    expect(Math.abs(variance - 1)).toBeLessThan(0.018);
  });

  it("refuse an invalid shape, option or generator", () => {
    expect(() => rand([2, 0])).toThrow(ShapeError);
    expect(() => randn([2], { seed: 1 } as never)).toThrow(/unknown option "seed"/);
    expect(() => randn([2], { generator: 1 } as never)).toThrow(/randn: generator must be a Generator/);
  });
});
