import { describe, expect, test } from "vitest";
import * as data from "../../src/data/index.ts";
import { DataError, OptionError } from "../../src/errors.ts";
import { Generator, manualSeed } from "../../src/random.ts";
import { expectRefusal, wrong } from "../refusal.ts";

const { sample } = data;

/** Frequency of each token in `draws` draws. */
function frequencies(logits: readonly number[], options: data.SampleOptions, draws = 20_000): number[] {
  const generator = new Generator(5);
  const counts = logits.map(() => 0);
  for (let i = 0; i < draws; i++) counts[sample(logits, { generator, ...options })]! += 1 / draws;
  return counts;
}

/** Within 5 standard deviations of a binomial share. */
function expectShares(shares: readonly number[], expected: readonly number[], draws = 20_000): void {
  shares.forEach((share, i) => {
    const p = expected[i]!;
    expect(Math.abs(share - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / draws));
  });
}

function softmax(logits: readonly number[], temperature = 1): number[] {
  const weights = logits.map((logit) => Math.exp(logit / temperature));
  return weights.map((weight) => weight / weights.reduce((a, b) => a + b));
}

describe("sample", () => {
  const logits = [0.5, 2, -1, 1.5, 0];

  test.each([0.5, 1, 3])("draws from softmax(logits / %d)", (temperature) => {
    expectShares(frequencies(logits, { temperature }), softmax(logits, temperature));
  });

  test("temperature 0 takes the most likely token without a draw", () => {
    const generator = new Generator(0);
    expect(sample(logits, { temperature: 0, generator })).toBe(1);
    expect(sample([3, 7, 7], { temperature: 0 })).toBe(1);
    expect(generator.getState()).toEqual(new Generator(0).getState());
  });

  test("topK keeps k tokens, the first among equals", () => {
    const kept = softmax([2, 1.5]);
    expectShares(frequencies(logits, { topK: 2 }), [0, kept[0]!, 0, kept[1]!, 0]);
    expect(frequencies([1, 1, 1], { topK: 1 }, 50)[0]).toBeCloseTo(1, 9);
    expectShares(frequencies(logits, { topK: 99 }), softmax(logits));
  });

  test("topP keeps the smallest set of likely tokens with that probability", () => {
    // Probabilities 0.5, 0.3, 0.15, 0.05, in another order.
    const uneven = [0.15, 0.5, 0.05, 0.3].map(Math.log);
    expectShares(frequencies(uneven, { topP: 0.79 }), [0, 5 / 8, 0, 3 / 8]);
    expectShares(frequencies(uneven, { topP: 0.81 }), [0.15 / 0.95, 0.5 / 0.95, 0, 0.3 / 0.95]);
    expect(frequencies(uneven, { topP: 1e-9 }, 50)[1]).toBeCloseTo(1, 9);
    // Among the tokens that topK leaves, 5/8 suffices for 0.6.
    expect(frequencies(uneven, { topK: 2, topP: 0.6 }, 50)[1]).toBeCloseTo(1, 9);
  });

  test("the same seed gives the same tokens, also with the default generator", () => {
    const draw = (generator: Generator) =>
      Array.from({ length: 20 }, () => sample(logits, { topK: 4, generator }));
    expect(draw(new Generator(3))).toEqual(draw(new Generator(3)));
    expect(draw(new Generator(3))).not.toEqual(draw(new Generator(4)));
    const again = () => {
      manualSeed(3);
      return Array.from({ length: 20 }, () => sample(logits, { topK: 4 }));
    };
    expect(again()).toEqual(draw(new Generator(3)));
  });

  test("never draws excluded tokens, and does not overflow for large logits or low temperatures", () => {
    const ruled = [-Infinity, 1, -Infinity, 1];
    expectShares(frequencies(ruled, {}), [0, 0.5, 0, 0.5]);
    expectShares(frequencies(ruled, { topP: 0.999 }), [0, 0.5, 0, 0.5]);
    expectShares(frequencies([5000, 5000, -5000], {}), [0.5, 0.5, 0]);
    expect(frequencies([1, 1.001], { temperature: 1e-300 }, 50)[1]).toBeCloseTo(1, 9);
    expect(sample(Float32Array.of(4), { topK: 1, topP: 0.1 })).toBe(0);
  });

  test("refuses invalid distributions and options out of range", async () => {
    await expectRefusal(() => sample([]), OptionError, "sample", "logits");
    await expectRefusal(() => sample(wrong(undefined)), OptionError, "got undefined");
    await expectRefusal(() => sample([0, Number.NaN]), DataError, "got NaN at index 1");
    await expectRefusal(() => sample([Infinity]), DataError, "got Infinity at index 0");
    await expectRefusal(() => sample([-Infinity, -Infinity]), DataError, "ruled out");
    await expectRefusal(() => sample(logits, { temperature: -1 }), OptionError, "temperature", "got -1");
    await expectRefusal(() => sample(logits, { topK: 0 }), OptionError, "topK", "got 0");
    await expectRefusal(() => sample(logits, { topP: 0 }), OptionError, "topP", "got 0");
    await expectRefusal(() => sample(logits, wrong({ top_k: 3 })), OptionError, 'unknown option "top_k"');
    await expectRefusal(() => sample(logits, wrong({ generator: 3 })), OptionError, "generator", "got 3");
  });
});
