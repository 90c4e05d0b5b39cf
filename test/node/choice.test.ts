import { beforeAll, describe, expect, test } from "vitest";
import { ADAPTERS } from "../../bench/counters.ts";
import type { AdapterFacts } from "../../src/gpu/adapter-facts.ts";
import { Tensor } from "../../src/graph/tensor.ts";
import { loadAll } from "../../src/ondemand.ts";
import { bucket, Choices, predictMicros } from "../../src/ops/choice.ts";
import type { Dispatch, PlanContext } from "../../src/ops/op.ts";
import { conv1d } from "../../src/ops/product/conv1d.ts";
import { versionNeeds } from "../../src/ops/product/conv1d-versions.ts";
import { gemm, productNeeds } from "../../src/ops/product/gemm.ts";
import type { Recurrence } from "../../src/ops/recurrent/recurrence.ts";
import { stepBackward } from "../../src/ops/recurrent/step-backward.ts";
import { stepForward } from "../../src/ops/recurrent/step-forward.ts";
import { defaultLimits } from "../default-limits.ts";

const facts = {
  gflops: 10,
  gloads: 1,
  barrierMicros: 2,
  dispatchMicros: 30,
  workgroups: 4,
  subgroupSize: 4,
  software: true,
};

describe("predictMicros", () => {
  const work = { groups: 4, flops: 1e6, loads: 1e5 };

  test("adds up operations, loads and the dispatch", () => {
    // 10⁶ operations at 10 a nanosecond, 10⁵ loads at 1 a nanosecond.
    expect(predictMicros(work, facts)).toBeCloseTo(100 + 100 + 30, 9);
  });

  test("predicts longer times when the workgroups fill only part of the adapter", () => {
    expect(predictMicros({ ...work, groups: 1 }, facts)).toBeCloseTo(4 * 200 + 30, 9);
    expect(predictMicros({ ...work, groups: 400 }, facts)).toBeCloseTo(230, 9);
  });

  test("counts a barrier once for workgroups that run at once", () => {
    const barriers = 10;
    expect(predictMicros({ ...work, groups: 4, barriers }, facts)).toBeCloseTo(230 + 20, 9);
    expect(predictMicros({ ...work, groups: 8, barriers }, facts)).toBeCloseTo(230 + 40, 9);
  });
});

describe("Choices", () => {
  const trial = (version: string) => [{ kernel: { name: version } }] as unknown as Dispatch[];

  test("takes a timed version first, then the shortest prediction", () => {
    const micros = { plain: 30, fast: 10, faster: 9.9 };
    expect(new Choices().choose("it", undefined, micros, trial)).toBe("faster");
    const choices = new Choices({ versions: { it: "plain", other: "fast" } });
    expect(choices.choose("it", undefined, micros, trial)).toBe("plain");
    expect(choices.choose("another", undefined, micros, trial)).toBe("faster");
    expect(choices.made.map(({ what, version, reason }) => [what, version, reason])).toEqual([
      ["it", "plain", "measured"],
      ["another", "faster", "predicted"],
    ]);
    expect(choices.made[0]!.micros).toEqual(micros);
  });

  test("ignores a timed version that this device cannot run", () => {
    expect(new Choices({ versions: { it: "fast" } }).choose("it", undefined, { plain: 1 }, trial)).toBe(
      "plain",
    );
  });

  test("takes a pinned version first, and the first version if the pinned one cannot run", () => {
    const choices = new Choices({ versions: { it: "plain" } });
    const pinned = (pin: "plain" | "fast" | "best") =>
      choices.choose<"plain" | "fast" | "best">("it", pin, { plain: 2, fast: 1 }, trial);
    expect(pinned("fast")).toBe("fast");
    expect(pinned("best")).toBe("plain");
    expect(choices.made[0]!.reason).toBe("pinned");
    expect(choices.close()).toEqual([]);
  });

  test("times only close predictions, the best first, at most three", () => {
    const choices = new Choices({ versions: { timed: "b" } });
    choices.choose("clear", undefined, { a: 10, b: 20 }, trial);
    choices.choose("timed", undefined, { a: 10, b: 11 }, trial);
    choices.choose("near", undefined, { a: 14, b: 10, c: 11, d: 12, e: 15 }, trial);
    const close = choices.close();
    expect(close.map(({ what }) => what)).toEqual(["near"]);
    expect(Object.keys(close[0]!.trials)).toEqual(["b", "c", "d"]);
    expect(close[0]!.trials["c"]).toEqual(trial("c"));
  });
});

test("bucket: rounds sizes up to a power of two", () => {
  expect([1, 2, 3, 4, 5, 64, 65, 980].map(bucket)).toEqual([1, 2, 4, 4, 8, 64, 128, 1024]);
});

describe("on SwiftShader with two cores", () => {
  const operand = (elements: number) => new Tensor([elements], null);

  const offering = { facts: ADAPTERS["software"]!, pins: {}, calibrate: false };
  beforeAll(() => loadAll([...productNeeds(offering), ...versionNeeds(offering)]));

  /** The version that gemm chooses for a row-major product, and its predictions. */
  function gemmChoice(rows: number, columns: number, depth: number, subgroupSize = 4, slices = 1) {
    const choices = new Choices();
    const plan = {
      facts: { ...ADAPTERS.software, subgroupSize },
      choices,
      pins: {},
      ...defaultLimits,
    } as unknown as PlanContext;
    const product = {
      rows,
      columns,
      depth,
      a: { operand: operand(rows * depth), strides: [depth, 1] },
      b: { operand: operand(depth * columns), strides: [columns, 1] },
      c: { operand: operand(rows * columns * slices), strides: [columns, 1] },
    } as const;
    const cut = { count: slices, depth: Math.ceil(depth / slices), ones: false };
    const { kernel } = gemm(product, plan, cut);
    return { kernel: kernel.name, micros: choices.made[0]!.micros };
  }

  // Rows, columns, depth, slices; times of register, shared and lanes4 in µs, the shortest of three. That of shared is its ratio to
  // register in a later run, times register's.
  test.each([
    [19_600, 200, 1, 1, 57_700, 388_000, 15_200],
    [3200, 512, 64, 1, 126_600, 253_000, 18_400],
    [3200, 512, 128, 1, 193_000, 415_000, 33_300],
    [2048, 1024, 64, 1, 132_000, 335_000, 19_300],
    [2048, 64, 256, 1, 29_900, 41_300, 5640],
    [51, 200, 19_600, 39, 204_000, 304_000, 67_100],
    [65, 512, 3200, 7, 94_800, 393_000, 23_200],
    [8000, 256, 8, 1, 37_400, 115_000, 8000],
    [8000, 1, 64, 1, 18_400, 38_600, 2030],
    [32, 1024, 256, 1, 8320, 41_300, 3010],
    [64, 512, 128, 1, 3870, 5770, 1020],
    [1, 512, 128, 1, 359, 4950, 252],
    [980, 1, 50, 1, 1660, 6970, 241],
    [16, 64, 16, 1, 68, 526, 26],
  ])("gemm %i×%i×%i is predicted within twice the time", (rows, columns, depth, slices, ...times) => {
    const { kernel, micros } = gemmChoice(rows, columns, depth, 4, slices);
    expect(kernel).toBe("gemm_lanes4");
    for (const [i, version] of ["register", "shared", "lanes4"].entries()) {
      expect(micros[version]! / times[i]!, version).toBeGreaterThan(1 / 2);
      expect(micros[version]! / times[i]!, version).toBeLessThan(2);
    }
  });

  test("other subgroups have no gemm_lanes4 and take gemm_register, which has no barriers", () => {
    expect(Object.keys(gemmChoice(64, 512, 128, 32).micros)).toEqual(["register", "shared"]);
    expect(gemmChoice(64, 512, 128, 32).kernel).toBe("gemm_register");
  });

  const lanesOf = (subgroupSize: number) => ({ ...ADAPTERS.software!, subgroupSize });

  /** The version that a convolution chooses, forward, and its predictions. */
  function convolutionChoice(sizes: readonly number[], facts: AdapterFacts = lanesOf(4)) {
    const [batch, channels, length, outChannels, taps, stride, padding, groups] = sizes as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const choices = new Choices();
    const plan = { facts, choices, pins: {}, ...defaultLimits } as unknown as PlanContext;
    const outLength = Math.floor((length + 2 * padding - taps) / stride) + 1;
    const shaped = (...shape: number[]) => new Tensor(shape, null);
    const inputs = [shaped(batch, channels, length), shaped(outChannels, channels / groups, taps), null];
    const operands = { inputs, outputs: [shaped(batch, outChannels, outLength)], saved: [] };
    const [first] = conv1d.forward!(
      { ...operands, differentiated: false, gradInput: null },
      { stride, padding, groups, outLength, dilation: 1 },
      plan,
    );
    return { kernel: first!.kernel.name, micros: choices.made[0]!.micros };
  }

  // Batch, channels, length, channels of y, taps, stride, padding, groups; times of the plain version and of lanes4 in µs: those that the
  // driver's threads computed, the shortest of three, shared by two cores.
  test.each([
    [8, 64, 256, 128, 5, 1, 2, 1, 75_500, 16_500],
    [32, 1, 256, 16, 5, 1, 2, 1, 3340, 780],
    [64, 8, 100, 8, 3, 1, 1, 1, 2230, 830],
    [32, 64, 128, 64, 1, 1, 0, 1, 16_100, 3360],
    [16, 32, 500, 32, 3, 1, 1, 1, 27_800, 6960],
    [16, 64, 256, 64, 3, 1, 1, 4, 14_700, 4280],
    [16, 64, 256, 64, 5, 1, 2, 64, 43_000, 24_000],
    [4, 64, 2000, 1, 7, 1, 3, 1, 13_100, 13_900],
    [1, 1, 640, 258, 256, 128, 0, 1, 5080, 310],
    [1, 129, 4, 128, 3, 1, 1, 1, 1330, 265],
    [1, 64, 2, 64, 3, 2, 1, 1, 355, 60],
  ])("a convolution of [%i, %i, %i] to %i channels is predicted within twice the time", (...row) => {
    const [plain, lanes4] = row.slice(-2) as [number, number];
    const { kernel, micros } = convolutionChoice(row);
    expect(kernel).toBe(plain < lanes4 ? "conv1d_product" : "conv1d_lanes4");
    for (const [version, time] of Object.entries({ register: plain, lanes4 })) {
      expect(micros[version]! / time, version).toBeGreaterThan(1 / 2);
      expect(micros[version]! / time, version).toBeLessThan(2);
    }
  });

  test("other subgroups have no conv1d_lanes4", () => {
    const { kernel, micros } = convolutionChoice([8, 64, 256, 128, 5, 1, 2, 1], lanesOf(8));
    expect([kernel, Object.keys(micros)]).toEqual(["conv1d_product", ["register"]]);
  });

  // Sizes as above. Silero VAD's convolutions; more places; a channel in each group, which has too little depth to be split.
  test.each([
    [[1, 1, 640, 258, 256, 128, 0, 1], "conv1d_split"],
    [[1, 129, 4, 128, 3, 1, 1, 1], "conv1d_split"],
    [[1, 128, 4, 64, 3, 2, 1, 1], "conv1d_split"],
    [[1, 64, 2, 64, 3, 2, 1, 1], "conv1d_split"],
    [[8, 128, 4, 128, 3, 1, 1, 1], "conv1d_product"],
    [[2, 64, 4, 64, 5, 1, 2, 64], "conv1d_product"],
  ])("other subgroups take for %j, whose places are few, %s", (sizes, wanted) => {
    const { kernel, micros } = convolutionChoice(sizes, lanesOf(8));
    expect([kernel, Object.keys(micros)]).toEqual([wanted, ["register", "rows"]]);
  });

  test("a GPU, which few places leave nearly empty, takes conv1d_split for up to 64", () => {
    const kernelOf = (places: number) =>
      convolutionChoice([1, 64, places, 64, 3, 1, 1, 1], ADAPTERS.gpu!).kernel;
    expect([4, 32, 64, 65].map(kernelOf)).toEqual([
      "conv1d_split",
      "conv1d_split",
      "conv1d_split",
      "conv1d_product",
    ]);
  });

  // Batch, units; times of a step of an LSTM in µs, the shortest of five, forward and backward.
  test.each([
    [1, 32, 32, 44],
    [8, 32, 49, 69],
    [16, 32, 81, 99],
    [64, 32, 288, 467],
    [1, 128, 283, 318],
    [8, 128, 426, 590],
    [16, 128, 1030, 1110],
    [64, 128, 3240, 4470],
    [1, 256, 795, 1120],
    [8, 256, 1560, 2280],
    [32, 256, 6100, 8880],
    [64, 256, 12_400, 17_500],
  ])("an LSTM's `step` of %i rows and %i units is predicted within 1.6 times", (N, H, ...times) => {
    const step = { forward: stepForward, backward: stepBackward };
    const recurrence = { sizes: { T: 2, N, I: H, H, R: H, slots: 4 } } as Recurrence;
    const plan = { facts: ADAPTERS.software, ...defaultLimits } as PlanContext;
    for (const [i, pass] of (["forward", "backward"] as const).entries()) {
      const predicted = step[pass].stepMicros(recurrence, plan)!;
      expect(predicted / times[i]!, pass).toBeGreaterThan(1 / 1.6);
      expect(predicted / times[i]!, pass).toBeLessThan(1.6);
    }
  });
});
