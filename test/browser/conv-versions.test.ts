/** The versions of a convolution's products against each other: results and gradients, where sizes split tiles, parts of the depth and slices. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Device, Generator, type NDArray, type Tensor } from "webgpu-lstm";
import { conv1d, convTranspose1d } from "../../src/graph/convolution.ts";
import { convVersions } from "./conv-versions.ts";
import { GpuFrame } from "./gpu.ts";
import { gradients, UnusualStep } from "./unusual-values.ts";

/** Channels are those of a group. */
const usual = {
  batch: 2,
  groups: 1,
  channels: 3,
  outChannels: 5,
  length: 30,
  taps: 3,
  stride: 1,
  dilation: 1,
  padding: [0, 0] as readonly [before: number, after: number],
  transposed: false,
};

type Sizes = typeof usual;

const cases: Record<string, Partial<Sizes>> = {
  "one of each": { batch: 1, channels: 1, outChannels: 1, length: 1, taps: 1 },
  "a depth of several parts, odd sizes": {
    batch: 3,
    channels: 35,
    outChannels: 37,
    length: 29,
    taps: 5,
    padding: [2, 1],
  },
  "whole quads, more places than a workgroup has": {
    batch: 5,
    channels: 16,
    outChannels: 64,
    length: 130,
    taps: 3,
    padding: [1, 1],
  },
  "few places, the depth split by taps alone": {
    batch: 2,
    channels: 1,
    outChannels: 70,
    length: 40,
    taps: 19,
    stride: 7,
  },
  "few places of many items, the depth split by channels alone": {
    batch: 7,
    channels: 41,
    outChannels: 33,
    length: 3,
    taps: 3,
    padding: [1, 1],
  },
  "a long input": { batch: 1, channels: 2, outChannels: 3, length: 20_011, taps: 7, padding: [3, 3] },
  "slices of many items": { batch: 700, channels: 3, outChannels: 4, length: 9, taps: 3 },
  "more padding than input": { batch: 2, channels: 4, outChannels: 5, length: 2, taps: 3, padding: [7, 4] },
  groups: { batch: 2, groups: 3, channels: 5, outChannels: 6, length: 40, taps: 4, padding: [0, 3] },
  "a channel in each group": { batch: 2, groups: 19, channels: 1, outChannels: 2, length: 33, taps: 3 },
  "a stride": { batch: 2, channels: 9, outChannels: 20, length: 50, taps: 5, stride: 2, padding: [2, 2] },
  "a stride beyond the taps": { batch: 2, channels: 4, outChannels: 17, length: 50, taps: 2, stride: 5 },
  "a stride that the dilation shares a factor with": {
    batch: 2,
    channels: 4,
    outChannels: 6,
    length: 60,
    taps: 4,
    stride: 6,
    dilation: 4,
    padding: [5, 1],
  },
  "a dilation that misses places": {
    batch: 1,
    channels: 3,
    outChannels: 3,
    length: 30,
    taps: 3,
    stride: 2,
    dilation: 2,
  },
  transposed: {
    batch: 3,
    channels: 34,
    outChannels: 35,
    length: 21,
    taps: 4,
    padding: [1, 2],
    transposed: true,
  },
  "transposed, a stride and groups": {
    batch: 2,
    groups: 2,
    channels: 10,
    outChannels: 9,
    length: 17,
    taps: 7,
    stride: 3,
    padding: [2, 3],
    transposed: true,
  },
  "transposed, a stride beyond the taps": {
    batch: 2,
    channels: 6,
    outChannels: 5,
    length: 17,
    taps: 2,
    stride: 4,
    transposed: true,
  },
};

type Name = "x" | "weight" | "bias" | "weights";

type Inputs = ReadonlyMap<Name, NDArray>;

/** Normal values; `weights` are what a loss multiplies the result with. */
function inputsOf({
  batch,
  groups,
  channels,
  outChannels,
  length,
  taps,
  transposed,
  ...rest
}: Sizes): Inputs {
  const { stride, dilation, padding } = rest;
  const span = dilation * (taps - 1) + 1;
  const ends = padding[0] + padding[1];
  const outLength = transposed
    ? (length - 1) * stride + span - ends
    : Math.floor((length + ends - span) / stride) + 1;
  const shapes: Record<Name, readonly number[]> = {
    x: [batch, groups * channels, length],
    weight: transposed ? [groups * channels, outChannels, taps] : [groups * outChannels, channels, taps],
    bias: [groups * outChannels],
    weights: [batch, groups * outChannels, outLength],
  };
  const generator = new Generator(3);
  const drawn = (shape: readonly number[]) => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    return { shape, data: generator.normal_(data, 0, 1) };
  };
  return new Map((Object.keys(shapes) as Name[]).map((name) => [name, drawn(shapes[name])]));
}

/** Result and gradients, and the plan. */
async function compute(device: Device, { transposed, ...options }: Sizes, inputs: Inputs) {
  const shapes = new Map([...inputs].map(([name, { shape }]) => [name, shape]));
  const convolve = transposed ? convTranspose1d : conv1d;
  const step = await UnusualStep.compile(device, shapes, (given) => {
    const { x, weight, bias, weights } = given as Record<Name, Tensor>;
    const { stride, dilation, padding, groups } = options;
    const out = convolve("test", x, weight, bias, { stride, dilation, padding, groups });
    return { out, ...gradients([[out, weights]], new Map(Object.entries({ x, weight, bias }))) };
  });
  const plan = await step.describe();
  const results = await step.run(inputs);
  step.dispose();
  return { plan, results };
}

/** Sums in another order: the largest error, in multiples of a tensor's largest value. */
const MOST_ERROR = 4e-6;

/** The values of `found` that are not those of `wanted`. */
function differences(found: ReadonlyMap<string, NDArray>, wanted: ReadonlyMap<string, NDArray>): string[] {
  expect([...found.keys()]).toEqual([...wanted.keys()]);
  return [...wanted].flatMap(([name, { data, shape }]) => {
    const other = found.get(name)!;
    expect(other.shape).toEqual(shape);
    const largest = data.reduce(
      (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
      0,
    );
    const far = [...data.keys()].filter((i) => {
      const [a, b] = [data[i]!, other.data[i]!];
      return !(Object.is(a, b) || Math.abs(a - b) <= MOST_ERROR * largest);
    });
    return far
      .slice(0, 3)
      .map((i) => `${name}[${i}] is ${other.data[i]}, not ${data[i]}; ${far.length} such`);
  });
}

/** Checks that a version's plan has its own kernels. */
const checks: Readonly<Record<string, (plan: string, inputs: Inputs) => void>> = {
  register(plan) {
    expect(plan).toContain("conv1d_product");
    expect(plan).toContain("conv1d_weight");
    expect(plan).not.toMatch(/conv1d_(split|lanes4)/);
  },
  rows(plan, inputs) {
    const places = [inputs.get("x")!, inputs.get("weights")!].map(({ shape }) => shape[0]! * shape[2]!);
    expect(plan.includes("conv1d_split")).toBe(Math.min(...places) <= 64);
    expect(plan.includes("conv1d_product")).toBe(Math.max(...places) > 64);
  },
  lanes4(plan) {
    expect(plan).toContain("conv1d_lanes4");
    expect(plan).not.toMatch(/conv1d_(product|split|weight)/);
  },
};

describe.each(["rows", "lanes4"])("a convolution by version %s, and by the plain one", (version) => {
  const frames = new Map<string, GpuFrame>();
  beforeAll(async () => {
    for (const versions of convVersions) frames.set(versions.gemm, await GpuFrame.open({ versions }));
  });
  afterAll(() => {
    for (const frame of frames.values()) frame.close();
  });

  /** What each version computes, by its own kernels. */
  async function byBoth(sizes: Sizes, inputs: Inputs) {
    const run = async (gemm: string) => {
      const { plan, results } = await frames.get(gemm)!.run((device) => compute(device, sizes, inputs));
      checks[gemm]!(plan, inputs);
      return results;
    };
    return { plain: await run("register"), other: await run(version) };
  }

  test.each(Object.entries(cases))("%s", async (_, change) => {
    const sizes = { ...usual, ...change };
    const { plain, other } = await byBoth(sizes, inputsOf(sizes));
    for (const { data } of plain.values()) expect(data.every(Number.isFinite)).toBe(true);
    expect(differences(other, plain)).toEqual([]);
  });

  // The plain version has PyTorch's values: special-values.test.ts.
  test.each(Object.entries(cases))("%s, some values not finite", async (_, change) => {
    const sizes = { ...usual, ...change };
    for (const name of ["x", "weight", "weights"] as const) {
      const inputs = inputsOf(sizes);
      const { data } = inputs.get(name)!;
      for (const [i, value] of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].entries()) {
        data[Math.floor((i * (data.length - 1)) / 2)] = value;
      }
      const { plain, other } = await byBoth(sizes, inputs);
      expect(differences(other, plain)).toEqual([]);
    }
  });
});
