/** What the Text view says of its settings before training. */
import { describe, expect, test } from "vitest";
import { DEFAULTS, ON_HARDWARE } from "../../demo/text/settings.ts";
import { baselinesOf, bestOf } from "../../demo/text/training/baselines.ts";
import { expectationOf, MEASURED } from "../../demo/text/training/expected.ts";
import { taskOf } from "../../demo/text/training/learning.ts";

describe("what the settings come to", () => {
  test.each(MEASURED)("is compared with the best baseline of the same text", async (measured) => {
    const baselines = baselinesOf(await taskOf(measured.choices.source));
    expect(bestOf(baselines).name).toBe("5-gram");
    expect(measured.fiveGram).toBeCloseTo(baselines.fiveGram, 2);
    expect(measured.bits).toBeLessThan(baselines.trigram);
  });

  test("says where the model is not below the 5-gram, how long that takes, and what gets below it", () => {
    expect(expectationOf(DEFAULTS)).toMatch(
      /^These settings take about three minutes .* end near 2\.\d\d .*: above a 5-gram .*\(2\.09\)\. On a GPU, an LSTM of 256 units/,
    );
    expect(expectationOf(ON_HARDWARE)).toMatch(
      /^These settings end near 1\.99 .*: below a 5-gram .*\(2\.09\)\.$/,
    );
  });

  test("is not said of other settings or texts", () => {
    const { source, settings } = DEFAULTS;
    expect(expectationOf({ source: { ...source }, settings: { ...settings } })).toBe(expectationOf(DEFAULTS));
    expect(expectationOf({ source, settings: { ...settings, numLayers: 2 } })).toBe("");
    expect(expectationOf({ source: { kind: "moby-dick", from: 1, to: 10 }, settings })).toBe("");
    expect(expectationOf({ source: { kind: "own", text: "a" }, settings })).toBe("");
  });
});
