/** The Kneser-Ney baseline of the Text view. */
import { describe, expect, test } from "vitest";
import { data } from "webgpu-lstm";
import { baselinesOf, bestOf } from "../../demo/text/training/baselines.ts";
import { KneserNey, kneserNeyBits } from "../../tasks/characters/kneser-ney.ts";
import { chapters } from "../../tasks/characters/moby-dick.ts";
import { characterTask } from "../../tasks/characters/task.ts";

/** a b a b a c */
const LEARNED = [0, 1, 0, 1, 0, 2];

describe("a Kneser-Ney bigram", () => {
  /**
   * Occurrences: ab 2, ba 2, ac 1. Different tokens before: a 2 (the beginning and b), b 1, c 1; their sum is 4, for 3 tokens.
   * With D = 0.5 for single tokens, P(a) = (1.5 + 0.5 · 3 / 3) / 4 = 0.5, P(b) = P(c) = (0.5 + 0.5) / 4 = 0.25.
   * With D = 0.75 after a token: after a, (c − 0.75 + 0.75 · 2 · P(w)) / 3; after b, (c − 0.75 + 0.75 · 1 · P(w)) / 2.
   */
  const CASES: [string, number[], number][] = [
    ["b after a", [0, 1], (2 - 0.75 + 1.5 * 0.25) / 3],
    ["c after a", [0, 2], (1 - 0.75 + 1.5 * 0.25) / 3],
    ["a after a, which never occurred", [0, 0], (1.5 * 0.5) / 3],
    ["a after b", [1, 0], (2 - 0.75 + 0.75 * 0.5) / 2],
    ["b after b, which never occurred", [1, 1], (0.75 * 0.25) / 2],
    ["a after c, where nothing followed", [2, 0], 0.5],
  ];
  const model = new KneserNey(2, 3);
  model.add(LEARNED);

  test.each(CASES)("gives %s the probability computed by hand", (_, tokens, probability) => {
    expect(model.bitsPerToken(tokens, [0.5, 0.75])).toBeCloseTo(-Math.log2(probability), 12);
  });

  test("takes the mean over the tokens after the first", () => {
    const mean = -(Math.log2(0.5416666666666666) + Math.log2(0.8125) + Math.log2(0.25)) / 3;
    expect(model.bitsPerToken([0, 1, 0, 0], [0.5, 0.75])).toBeCloseTo(mean, 12);
  });

  test("counts in two parts as in one", () => {
    const parts = new KneserNey(3, 3);
    parts.add(LEARNED.slice(0, 4));
    parts.add(LEARNED.slice(2), 2);
    const whole = new KneserNey(3, 3);
    whole.add(LEARNED);
    const tokens = [0, 1, 0, 2, 1, 1, 0, 0];
    const discounts = [0.3, 0.6, 0.9];
    expect(parts.bitsPerToken(tokens, discounts)).toBe(whole.bitsPerToken(tokens, discounts));
  });

  test("chooses the discounts that predict the given tokens best", () => {
    const tokens = [0, 1, 0, 2, 0, 1, 1, 0, 1, 0];
    const chosen = model.chooseDiscounts(tokens);
    const bits = model.bitsPerToken(tokens, chosen);
    for (const [n, discount] of chosen.entries()) {
      for (const other of [discount - 0.05, discount + 0.05]) {
        if (other <= 0 || other >= 1) continue;
        expect(model.bitsPerToken(tokens, chosen.with(n, other))).toBeGreaterThanOrEqual(bits);
      }
    }
  });
});

test("a 5-gram beats the fixed weights of Witten and Bell on Moby-Dick, and is the best baseline", () => {
  const task = characterTask(chapters.slice(0, 4).join("\n\n"));
  const classes = task.vocabulary.size;
  const plain = data.NGramModel.fit(task.train, { order: 5, classes });
  const bits = kneserNeyBits(task, classes, 5);
  expect(bits).toBeLessThan(plain.bitsPerToken(task.heldOut, { from: 1 }) - 0.05);
  expect(bestOf(baselinesOf(task))).toEqual({ name: "5-gram", bits });
});
