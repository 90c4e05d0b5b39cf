/** Devices with small limits compute what others do, bit for bit, or say what they cannot. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AdapterFacts,
  Device,
  type DeviceOptions,
  grad,
  manualSeed,
  nn,
  OptionError,
  optim,
  ShapeError,
  type VersionPins,
} from "webgpu-lstm";
import { limitCases, type Outcome } from "../limit-cases.ts";
import { COMPATIBILITY, type Limits, limitDevice, limitedGpu } from "../limited-gpu.ts";
import { sharedGpu } from "./shared-gpu.ts";

/** Facts that fit any adapter: no version that needs subgroups. */
const facts: AdapterFacts = {
  gflops: 20,
  gloads: 1,
  barrierMicros: 20,
  dispatchMicros: 8,
  workgroups: 8,
  subgroupSize: 0,
  software: true,
};

/** Facts of an adapter with four lanes, for which every version can be pinned. */
const lanes4: AdapterFacts = { ...facts, subgroupSize: 4 };

const factsFor = ({ gemm, recurrent }: VersionPins) =>
  gemm === "lanes4" || recurrent === "sequence4" ? lanes4 : facts;

/** Kernels that limits do not change compile once. */
const shared = sharedGpu(navigator.gpu);

const open = (limits: Limits, options: DeviceOptions) =>
  Device.request({ gpu: limitedGpu(shared, limits), ...options });

const kernelNames = Object.keys(import.meta.glob("../../shaders/**/*.wgsl"))
  .filter((path) => !path.includes("/lib/"))
  .map((path) => /(\w+)\.wgsl$/.exec(path)![1]!);

/**
 * Kernels with at most 16 workgroups, or whose workgroups take more the fewer there may be; and embedding_reduce, whose invocations take
 * 64 values each, so that others reach the limit before; batch_norm_running and buffer_assign, which take 64 channels each where others take
 * one; and gemm_rows, for at most 16 rows.
 */
const FEW = [
  "batch_norm_running",
  "buffer_assign",
  "cross_entropy_weights",
  "embedding_count",
  "embedding_places",
  "embedding_reduce",
  "embedding_scatter",
  "gemm_rows",
  "gradient_norm",
  "gradient_norm_total",
  "reduce_sum",
];

describe("a grid of few workgroups along an axis", () => {
  const pins: readonly (VersionPins & { readonly most: number })[] = [
    { gemm: "register", recurrent: "cell", most: 4 },
    { gemm: "shared", recurrent: "step", most: 4 },
    { gemm: "lanes4", recurrent: "sequence4", most: 4 },
    { gemm: "shared", recurrent: "split", most: 5 },
    { gemm: "rows", recurrent: "cell", most: 17 },
    // A workgroup for each of 66 rows.
    { gemm: "register", recurrent: "sequence", most: 9 },
  ];
  /** Kernels that had a smaller grid than without the limit. */
  const folded = new Set<string>();
  const seen = new Set<string>();

  describe.each(pins)("$gemm, $recurrent", ({ most, ...versions }) => {
    let normal: Device;
    let limited: Device;
    beforeAll(async () => {
      const options = { facts: factsFor(versions), versions };
      normal = await open({}, options);
      limited = await open({ maxComputeWorkgroupsPerDimension: most }, options);
    });
    afterAll(() => {
      normal?.dispose();
      limited?.dispose();
    });

    test.each(Object.keys(limitCases))("%s", async (name) => {
      const wanted = await limitCases[name]!(normal);
      const found = await limitCases[name]!(limited);
      expect(found.values).toEqual(wanted.values);
      const kernels = ({ dispatches }: Outcome) => dispatches.map(({ kernel }) => kernel);
      expect(kernels(found)).toEqual(kernels(wanted));
      for (const [i, { kernel, grid }] of found.dispatches.entries()) {
        seen.add(kernel);
        if (grid !== wanted.dispatches[i]!.grid) folded.add(kernel);
      }
    });
  });

  test("every kernel was among them, and had a larger grid without the limit", () => {
    // These are a Trainer's: diverge.test.ts; and those that run beside a step: below.
    const others =
      /^(measure_.*|finite_check|update_decide|state_keep|halve|lbfgs_(measure|direction|move|pair))$/;
    const dispatched = kernelNames.filter((name) => !others.test(name));
    expect([...seen].sort()).toEqual(dispatched.sort());
    expect(dispatched.filter((name) => !folded.has(name)).sort()).toEqual(FEW);
  });

  test("float16 weights are made, bit for bit", async () => {
    const outputs: Float32Array[] = [];
    for (const limits of [{}, { maxComputeWorkgroupsPerDimension: 4 }]) {
      const device = await open(limits, { facts });
      const model = new nn.Linear(64, 24, { bias: false });
      model.weight.write(Float32Array.from({ length: 64 * 24 }, (_, i) => Math.sin(i * i)));
      const step = await device.compile(({ x }) => ({ y: model.forward(x) }), {
        inputs: { x: [2, 64] },
        weights: "f16",
      });
      // 768 words are 12 workgroups of 64.
      const { data } = await step
        .run({ x: Float32Array.from({ length: 128 }, (_, i) => Math.cos(i)) })
        .y.read();
      outputs.push(data);
      step.dispose();
      model.dispose();
      device.dispose();
    }
    expect(outputs[1]).toEqual(outputs[0]);
    expect(outputs[0]!.some((value) => Math.abs(value) > 1)).toBe(true);
  });

  test.each([
    ["few workgroups along an axis", { maxComputeWorkgroupsPerDimension: 16 }],
    ["parameters in several buffers", { maxStorageBufferBindingSize: 40_960 }],
  ])("LBFGS goes the same way with %s", async (_, few) => {
    const losses: number[][] = [];
    for (const limits of [{}, few]) {
      const device = await open(limits, { facts });
      const model = new nn.Sequential(new nn.Linear(40, 200), new nn.Tanh(), new nn.Linear(200, 20));
      for (const [i, parameter] of model.parameters().entries()) {
        parameter.write(Float32Array.from({ length: parameter.elements }, (_, k) => 0.1 * Math.sin(k + i)));
      }
      const optimizer = new optim.LBFGS(model.parameters(), { maxIter: 4, lineSearchFn: "strong_wolfe" });
      const x = { data: Float32Array.from({ length: 200 }, (_, k) => Math.cos(k * k)), shape: [5, 40] };
      const step = await device.compile(({ x }) => ({ loss: model.forward(x).sub(1).square().mean() }), {
        inputs: { x },
        optimizer,
      });
      const run = () => step.run({ x }).loss;
      losses.push([await optimizer.step(run), await optimizer.step(run)]);
      step.dispose();
      model.dispose();
      expect(device.memory.total).toBe(0);
      device.dispose();
    }
    const [[first, second], [otherFirst, otherSecond]] = losses as [[number, number], [number, number]];
    expect(second).toBeLessThan(0.5 * first);
    expect(otherFirst / first - 1).toBeCloseTo(0, 6);
    // Sums in another order: their roundings grow with each iteration.
    expect(otherSecond / second - 1).toBeCloseTo(0, 2);
  });

  test("what needs more is refused before anything is placed", async () => {
    const device = await open({ maxComputeWorkgroupsPerDimension: 4 }, { facts });
    const compiled = device.compile(({ x }) => ({ y: x.mul(2) }), { inputs: { x: [1025] } });
    await expect(compiled).rejects.toThrow(ShapeError);
    await expect(compiled).rejects.toThrow(
      "an operation wants 20 workgroups, more than this device can number",
    );
    expect(device.memory.total).toBe(0);
    device.dispose();
  });
});

describe("the limits of compatibility mode", () => {
  /** Cases that together use every room of kernels. */
  const names = ["a linear layer", "lstm, packed", "gru", "rnn", "layer norm", "cross-entropy", "adam"];

  test.each(["cell", "step", "split", "sequence4", "sequence"] as const)(
    "are enough for every kernel: %s",
    async (recurrent) => {
      const versions = { gemm: "shared", recurrent } as const;
      const normal = await open({}, { facts: factsFor(versions), versions });
      const limited = await open(COMPATIBILITY, { facts: factsFor(versions), versions });
      for (const name of names) {
        expect(await limitCases[name]!(limited), name).toEqual(await limitCases[name]!(normal));
      }
      normal.dispose();
      limited.dispose();
    },
  );

  test("are enough to measure an adapter's facts", async () => {
    await Device.forgetFacts();
    const adapter = await navigator.gpu.requestAdapter();
    const native = limitDevice(await adapter!.requestDevice(), COMPATIBILITY);
    const device = await Device.from(native);
    expect(device.facts.barrierMicros).toBeGreaterThan(0);
    await limitCases["a linear layer"]!(device);
    device.dispose();
    native.destroy();
    await Device.forgetFacts();
  });
});

describe("storage", () => {
  const optimizers = {
    adam: (model: nn.Module) => new optim.Adam(model.parameters(), { lr: 0.01 }),
    sgd: (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 }),
  };

  /** Trains three steps; gives the parameters, the optimizer's state and the number of updates of a step. */
  async function train(limits: Limits, name: keyof typeof optimizers, clips: boolean, runs: number) {
    const device = await open(limits, { facts, versions: { gemm: "register" } });
    const model = new nn.Sequential(new nn.Linear(40, 50), new nn.Tanh(), new nn.Linear(50, 40));
    for (const [i, parameter] of [...model.parameters()].entries()) {
      const size = parameter.shape.reduce((product, n) => product * n, 1);
      parameter.write(Float32Array.from({ length: size }, (_, j) => Math.sin(i + j) / 5));
    }
    const optimizer = optimizers[name](model) as optim.Adam;
    const step = await device.compile(
      ({ x, y }) => {
        const loss = new nn.MSELoss().forward(model.forward(x), y);
        return clips ? { loss, norm: nn.utils.clipGradNorm_(model.parameters(), 0.01) } : { loss };
      },
      {
        inputs: { x: [4, 40], y: [4, 40] },
        minimize: "loss",
        optimizer,
        ...(runs > 1 && { accumulate: { runs } }),
      },
    );
    const x = Float32Array.from({ length: 160 }, (_, i) => Math.cos(i));
    for (let i = 0; i < 3 * runs; i++) step.run({ x, y: new Float32Array(160).fill(0.5) });
    const weights = [...(await model.stateDict()).values()].flatMap(({ data }) => [...data]);
    const state = await optimizer.stateDict();
    const updates = step.program.source.dispatches.filter(({ kernel }) => kernel.name === name).length;
    step.dispose();
    model.dispose();
    expect(device.memory.total).toBe(0);
    device.dispose();
    return { weights, state, updates };
  }

  // 2,000 + 50 values, and 2,000 + 40.
  const two: Limits = { maxStorageBufferBindingSize: 12_288 };

  test.each([
    ["adam", 1],
    ["sgd", 1],
    ["adam", 2],
  ] as const)("parameters that no one buffer holds lie in two: %s, %i runs an update", async (name, runs) => {
    const whole = await train({}, name, false, runs);
    const split = await train(two, name, false, runs);
    expect([whole.updates, split.updates]).toEqual([1, 2]);
    expect(split.weights).toEqual(whole.weights);
    expect(split.state).toEqual(whole.state);
  });

  test("their gradients' norm counts both buffers", async () => {
    const whole = await train({}, "adam", true, 1);
    const split = await train(two, "adam", true, 1);
    // Its sum is cut elsewhere.
    const far = split.weights.filter((weight, i) => Math.abs(weight - whole.weights[i]!) > 1e-6);
    expect(far).toEqual([]);
  });

  test("one parameter that no buffer holds is refused with advice that fits, and stays where it was", async () => {
    const device = await open({ maxStorageBufferBindingSize: 4096 }, { facts });
    const model = new nn.Sequential(new nn.Linear(9, 5), new nn.Linear(5, 300));
    const before = await model.stateDict();
    const compiled = device.compile(({ x }) => ({ y: model.forward(x) }), { inputs: { x: [1, 9] } });
    await expect(compiled).rejects.toThrow(
      "parameters [300, 5] needs a buffer of 6000 bytes, this device allows 4096; use fewer units, or a smaller vocabulary",
    );
    expect(device.memory.total).toBe(0);
    expect(await model.stateDict()).toEqual(before);
    device.dispose();
  });

  test("a weight's gradient is cut into no more slices than a buffer holds", async () => {
    const gradient = async (limits: Limits) => {
      const device = await open(limits, { facts });
      const model = new nn.Linear(600, 600);
      const inputs = { x: [1100, 600], y: [1100, 600] };
      const step = await device.compile(
        ({ x, y }) => ({ weight: grad(new nn.MSELoss().forward(model.forward(x), y), [model.weight])[0]! }),
        { inputs },
      );
      const x = Float32Array.from({ length: 660_000 }, (_, i) => Math.sin(i));
      const { data } = await step.run({ x, y: new Float32Array(660_000) }).weight.read();
      const products = step.program.source.dispatches.filter(({ kernel }) => kernel.name.startsWith("gemm"));
      step.dispose();
      model.dispose();
      device.dispose();
      return { sum: data.reduce((sum, value) => sum + value * value, 0), slices: products.at(-1)!.grid[2] };
    };
    manualSeed(1);
    const whole = await gradient({});
    manualSeed(1);
    // x fits, three slices of 601 × 600 do not.
    const few = await gradient({ maxStorageBufferBindingSize: 2.7e6 });
    expect([whole.slices, few.slices]).toEqual([3, 1]);
    expect(Math.abs(few.sum / whole.sum - 1)).toBeLessThan(1e-4);
  });
});

describe("sizes beyond the usual limit of 65,535 workgroups", () => {
  // Not by `shared`, which takes a software adapter a minute: the limit of few workgroups has it.
  test.each(["register", "lanes4"] as const)("2,100,000 rows of a linear layer: %s", async (gemm) => {
    const versions = { gemm };
    const device = await open({}, { facts: factsFor(versions), versions });
    const model = new nn.Linear(1, 1, { bias: false });
    model.weight.write(Float32Array.of(2));
    const rows = 2_100_000;
    const step = await device.compile(({ x }) => ({ y: model.forward(x) }), { inputs: { x: [rows, 1] } });
    const { data } = await step.run({ x: Float32Array.from({ length: rows }, (_, i) => i) }).y.read();
    expect(data.findIndex((value, i) => value !== 2 * i)).toBe(-1);
    model.dispose();
    device.dispose();
  });

  test.each(["cell", "step", "sequence4", "sequence"] as const)(
    "1,100,000 sequences: %s",
    async (recurrent) => {
      const versions = { recurrent };
      const device = await open({}, { facts: factsFor(versions), versions });
      const model = new nn.RNN(1, 1, { nonlinearity: "relu", bias: false });
      for (const parameter of model.parameters()) parameter.write(Float32Array.of(1));
      const rows = 1_100_000;
      const step = await device.compile(({ x }) => ({ y: model.forward(x).output }), {
        inputs: { x: [2, rows, 1] },
      });
      const { data } = await step.run({ x: new Float32Array(2 * rows).fill(1) }).y.read();
      expect(data.subarray(0, rows).findIndex((value) => value !== 1)).toBe(-1);
      expect(data.subarray(rows).findIndex((value) => value !== 2)).toBe(-1);
      model.dispose();
      device.dispose();
    },
  );
});

test("given facts of subgroups that the device does not have are refused", async () => {
  const known = await open({}, {});
  const { subgroupSize } = known.facts;
  known.dispose();
  const other = { ...facts, subgroupSize: 2 * subgroupSize };
  await expect(open({}, { facts: other })).rejects.toThrow(
    `Device: facts: the facts are of another adapter, with subgroups of ${2 * subgroupSize}; this one has ${subgroupSize}`,
  );
  const adapter = await navigator.gpu.requestAdapter();
  const native = await adapter!.requestDevice({ requiredFeatures: ["subgroups"] });
  await expect(Device.from(native, { facts: other })).rejects.toThrow(OptionError);
  // Without the feature no kernel uses them.
  const plain = await (await navigator.gpu.requestAdapter())!.requestDevice();
  expect((await Device.from(plain, { facts: other })).facts.subgroupSize).toBe(0);
  native.destroy();
  plain.destroy();
});

test("facts are kept for one set of limits and features, whatever the adapter says of itself", async () => {
  await Device.forgetFacts();
  const measured = await open({}, {});
  const again = await open({}, {});
  const smaller = await open(COMPATIBILITY, {});
  expect(again.facts.gflops).toBe(measured.facts.gflops);
  expect(smaller.facts.gflops).not.toBe(measured.facts.gflops);
  for (const device of [measured, again, smaller]) device.dispose();
  await Device.forgetFacts();
});
