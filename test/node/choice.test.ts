import { describe, expect, test } from "vitest";
import { bucket, Choices, predictMicros } from "../../src/ops/choice.ts";
import type { Dispatch } from "../../src/ops/op.ts";

const facts = {
  gflops: 10,
  gloads: 1,
  barrierMicros: 2,
  dispatchMicros: 30,
  workgroups: 4,
  subgroupSize: 4,
};

describe("predictMicros", () => {
  const work = { groups: 4, flops: 1e6, loads: 1e5 };

  test("adds up operations, loads and the dispatch", () => {
    // 10⁶ operations at 10 a nanosecond, 10⁵ loads at one.
    expect(predictMicros(work, facts)).toBeCloseTo(100 + 100 + 30, 9);
  });

  test("takes longer where the workgroups fill but a part of the adapter", () => {
    expect(predictMicros({ ...work, groups: 1 }, facts)).toBeCloseTo(4 * 200 + 30, 9);
    expect(predictMicros({ ...work, groups: 400 }, facts)).toBeCloseTo(230, 9);
  });

  test("has workgroups that run at once wait for their barriers together", () => {
    const barriers = 10;
    expect(predictMicros({ ...work, groups: 4, barriers }, facts)).toBeCloseTo(230 + 20, 9);
    expect(predictMicros({ ...work, groups: 8, barriers }, facts)).toBeCloseTo(230 + 40, 9);
  });
});

describe("Choices", () => {
  const trial = (version: string) => [{ kernel: { name: version } }] as unknown as Dispatch[];

  test("takes the shortest prediction, and what was timed before any", () => {
    const micros = { plain: 30, fast: 10, faster: 9.9 };
    expect(new Choices().choose("it", undefined, micros, trial)).toBe("faster");
    const choices = new Choices({ it: "plain", other: "fast" });
    expect(choices.choose("it", undefined, micros, trial)).toBe("plain");
    expect(choices.choose("another", undefined, micros, trial)).toBe("faster");
    expect(choices.made.map(({ what, version, reason }) => [what, version, reason])).toEqual([
      ["it", "plain", "measured"],
      ["another", "faster", "predicted"],
    ]);
    expect(choices.made[0]!.micros).toEqual(micros);
  });

  test("what was timed on a device that could more does not count on one that cannot", () => {
    expect(new Choices({ it: "subgroup" }).choose("it", undefined, { plain: 1 }, trial)).toBe("plain");
  });

  test("a pin comes first, and the first version is there for one that cannot be had", () => {
    const choices = new Choices({ it: "plain" });
    const pinned = (pin: "plain" | "fast" | "best") =>
      choices.choose<"plain" | "fast" | "best">("it", pin, { plain: 2, fast: 1 }, trial);
    expect(pinned("fast")).toBe("fast");
    expect(pinned("best")).toBe("plain");
    expect(choices.made[0]!.reason).toBe("pinned");
    expect(choices.close()).toEqual([]);
  });

  test("only near predictions are worth a timing, the best first and three at most", () => {
    const choices = new Choices({ timed: "b" });
    choices.choose("clear", undefined, { a: 10, b: 20 }, trial);
    choices.choose("timed", undefined, { a: 10, b: 11 }, trial);
    choices.choose("near", undefined, { a: 14, b: 10, c: 11, d: 12, e: 15 }, trial);
    const close = choices.close();
    expect(close.map(({ what }) => what)).toEqual(["near"]);
    expect(Object.keys(close[0]!.trials)).toEqual(["b", "c", "d"]);
    expect(close[0]!.trials["c"]).toEqual(trial("c"));
  });
});

test("bucket: sizes up to the next power of two are one", () => {
  expect([1, 2, 3, 4, 5, 64, 65, 980].map(bucket)).toEqual([1, 2, 4, 4, 8, 64, 128, 1024]);
});
