/** Weights in half precision, for inference. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  AnomalyError,
  type CompileOptions,
  type Device,
  GraphError,
  grad,
  manualSeed,
  nn,
  OptionError,
  optim,
  Stream,
  type Tensor,
  type VersionPins,
} from "webgpu-lstm";
import type { GoldenCase } from "../golden-case.ts";
import { float32Budget, recordParity } from "../parity.ts";
import { refusals } from "../refusal.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame, withDevice } from "./gpu.ts";

const versions: VersionPins[] = [
  { recurrent: "cell", gemm: "register" },
  { recurrent: "cell", gemm: "rows" },
  { recurrent: "step", gemm: "shared" },
  { recurrent: "split", gemm: "register" },
  { recurrent: "sequence", gemm: "rows" },
  { recurrent: "sequence4", gemm: "lanes4" },
];

type Layer = nn.Module & { forward(x: Tensor): unknown };

/** The module of a golden, with its parameters. */
function moduleOf(golden: GoldenCase): Layer {
  const kind = golden.text("kind") as "LSTM" | "Linear";
  const Kind = nn[kind] as unknown as new (...given: unknown[]) => Layer;
  const module = new Kind(...golden.list("arguments"));
  module.loadStateDict(new Map(golden.names("param.").map((key) => [key, golden.input(`param.${key}`)])));
  return module;
}

/** What the module's forward pass returns, by PyTorch's names. */
function named(result: unknown): Record<string, Tensor> {
  const { output, state } = result as { output?: Tensor; state?: Tensor | { h: Tensor; c: Tensor } };
  if (!output || !state) return { output: result as Tensor };
  return { output, ...("h" in state ? { h_n: state.h, c_n: state.c } : { h_n: state }) };
}

/** Runs a golden's module once; its results, and the bytes of its parameters. */
async function run(device: Device, golden: GoldenCase, weights: CompileOptions<never, never>["weights"]) {
  const module = moduleOf(golden);
  const x = golden.input("x");
  const step = await device.compile(({ x }) => named(module.forward(x)), {
    inputs: { x: x.shape },
    ...(weights && { weights }),
  });
  const results = Object.entries(step.run({ x }));
  const read = await Promise.all(
    results.map(async ([name, result]) => [name, (await result.read()).data] as const),
  );
  const { parameter } = step.memory;
  const made = { results: new Map(read), parameter, held: device.memory.byRole.parameter };
  const described = await step.describe();
  step.dispose();
  module.dispose();
  return { ...made, described };
}

describe.each(versions)("weights in half precision: $recurrent, gemm $gemm", (pins) => {
  let frame: GpuFrame;
  beforeAll(async () => {
    frame = await GpuFrame.open({ versions: pins });
    return () => frame.close();
  });

  test.for(goldenNames("half"))("%s", async (name, { task }) => {
    const golden = await loadGolden(name);
    const { results, described } = await frame.run((device) => run(device, golden, "f16"));
    const isFused = pins.recurrent !== "cell" && /^half_(lstm|gru|rnn)(?!_proj)/.test(name);
    expect(described).toContain(isFused ? `_${pins.recurrent}_forward (f16)` : "(f16)");
    const names = golden.names("out.");
    expect([...results.keys()].sort()).toEqual(names.sort());
    const row = `${golden.text("kind")}(${golden.list("arguments").map(shown).filter(Boolean).join(", ")})`;
    const used = names.map((key) => budgetUsed(results.get(key)!, golden.tensor(`out.${key}`)));
    recordParity(task, {
      section: "Weights in half precision",
      row: `${row}: PyTorch with weights rounded by half()`,
      budget: float32Budget,
      used: Math.max(...used),
    });
    const beside = names.map((key) => shareOfLargest(results.get(key)!, golden.tensor(`full.${key}`).data));
    recordParity(task, {
      section: "Weights in half precision",
      row: `${row}: PyTorch with float32 weights`,
      budget: "2⁻¹⁰ of the largest value: a weight keeps 11 bits",
      used: Math.max(...beside) * 1024,
    });
    for (const key of names) expectClose(key, results.get(key)!, golden.tensor(`out.${key}`));
    expect(Math.max(...beside)).toBeLessThan(1 / 1024);
    // Rounding shows: these are not the results of float32 weights.
    expect(Math.max(...beside)).toBeGreaterThan(1e-5);
  });
});

function shown(argument: unknown): string {
  if (typeof argument !== "object" || argument === null) return `${argument}`;
  return Object.entries(argument)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

/** The largest difference as a share of the largest value. */
function shareOfLargest(actual: Float32Array, expected: Float64Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(actual[i]! - value)), 0) / largest;
}

/** The outputs of a layer for some values, in a step of its own. */
async function outputOf(device: Device, layer: Layer, x: Float32Array, shape: readonly number[]) {
  const step = await device.compile(({ x }) => named(layer.forward(x)), {
    inputs: { x: shape },
    weights: "f16",
  });
  const { data } = await step.run({ x }).output!.read();
  step.dispose();
  return data;
}

const ramp = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i));
const bits = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);

describe("rounding to half precision", () => {
  /** Values, and what they are in half precision; a denormal may be flushed to zero. */
  const cases: [value: number, half: number][] = [
    [0, 0],
    [-0, -0],
    [1 / 3, 0.333251953125],
    [-1 / 3, -0.333251953125],
    // Halfway between two: to the even one.
    [2049, 2048],
    [2051, 2052],
    [-2049.001, -2050],
    [65504, 65504],
    [65519.99, 65504],
    [2 ** -14, 2 ** -14],
    [2 ** -24, 2 ** -24],
    [3 * 2 ** -25, 2 ** -23],
    [5 * 2 ** -25, 2 ** -23],
    [1.001 * 2 ** -25, 2 ** -24],
    [2 ** -25, 0],
    [-(2 ** -30), -0],
    [2 ** -14 - 2 ** -26, 2 ** -14],
    [1e-40, 0],
    [Number.NaN, Number.NaN],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ];

  test("takes the nearest, even on a tie, and keeps NaN, infinities and the sign of zero", () =>
    withDevice(async (device) => {
      const table = new nn.Embedding(cases.length, 1);
      table.weight.write(Float32Array.from(cases, ([value]) => value));
      const y = await outputOf(device, table, Float32Array.from(cases.keys()), [cases.length]);
      for (const [i, [value, half]] of cases.entries()) {
        const isDenormal = half !== 0 && Math.abs(half) < 2 ** -14;
        if (isDenormal && y[i] === 0) continue;
        expect(y[i], `${value}`).toBe(half);
      }
      table.dispose();
    }));

  test("takes the nearest of numbers of every size", () =>
    withDevice(async (device) => {
      // Exponents from below the smallest denormal to the largest, with the lowest bits that decide.
      const numbers = Float32Array.from({ length: 8192 }, (_, i) => {
        const exponent = 2 ** ((i % 43) - 27);
        return (i % 2 ? -1 : 1) * exponent * (1 + (((i * 2654435761) >>> 9) & 0x7fffff) / 2 ** 23);
      }).map((value) => Math.sign(value) * Math.min(Math.abs(value), 65519));
      const table = new nn.Embedding(numbers.length, 1);
      table.weight.write(numbers);
      const y = await outputOf(device, table, Float32Array.from(numbers.keys()), [numbers.length]);
      for (const [i, value] of numbers.entries()) {
        const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), -14) - 10);
        const units = Math.abs(value) / unit;
        const rest = units % 1;
        const up = rest > 0.5 || (rest === 0.5 && Math.floor(units) % 2 === 1);
        const half = Math.sign(value) * unit * (Math.floor(units) + Number(up));
        if (Math.abs(half) < 2 ** -14 && y[i] === 0) continue;
        expect(y[i] === half || [value, half, y[i]], `number ${i}`).toBe(true);
      }
      table.dispose();
    }));

  test("makes infinities of values past 65504 that come after compile, and refuses them in compile", () =>
    withDevice(async (device) => {
      const layer = new nn.Linear(1, 3, { bias: false });
      layer.weight.write(Float32Array.of(65519, 1, 2));
      const options = { inputs: { x: [1, 1] }, weights: "f16" } as const;
      const step = await device.compile(({ x }) => ({ y: layer.forward(x) }), options);
      const run = async () => [...(await step.run({ x: [1] }).y.read()).data];
      expect(await run()).toEqual([65504, 1, 2]);
      layer.weight.write(Float32Array.of(-65520, 65536, 7e8));
      expect(await run()).toEqual([
        Number.NEGATIVE_INFINITY,
        Number.POSITIVE_INFINITY,
        Number.POSITIVE_INFINITY,
      ]);
      const refuses = refusals(device);
      await refuses(
        () => device.compile(({ x }) => ({ y: layer.forward(x) }), options),
        OptionError,
        'weights "f16": a weight of shape [3, 1] has the value -65520',
        "65504",
      );
      step.dispose();
      layer.dispose();
    }));
});

describe("weights in half precision", () => {
  test("take half the bytes, and no others while no step wants float32", () =>
    withDevice(async (device) => {
      const bytes = async (weights: "f32" | "f16") => {
        const model = new nn.LSTM(64, 128);
        const options = { inputs: { x: [3, 2, 64] }, weights } as const;
        const step = await device.compile(({ x }) => named(model.forward(x)), options);
        const again = await device.compile(({ x }) => named(model.forward(x)), options);
        await step.run({ x: ramp(384) }).output!.read();
        const { parameter, total } = step.memory;
        const held = device.memory.byRole.parameter;
        again.dispose();
        step.dispose();
        expect(device.memory.byRole.parameter).toBe(held);
        model.dispose();
        return { parameter, held, total };
      };
      const weights = 4 * 128 * (64 + 128);
      const biases = 2 * 4 * 128;
      const [whole, half] = [await bytes("f32"), await bytes("f16")];
      expect(whole).toMatchObject({ parameter: 4 * (weights + biases), held: 4 * (weights + biases) });
      expect(half).toMatchObject({ parameter: 2 * weights + 4 * biases, held: 2 * weights + 4 * biases });
      expect(half.total).toBe(whole.total);
    }));

  test("follow training and loadStateDict, beside float32 steps over the same model", () =>
    withDevice(async (device) => {
      manualSeed(3);
      const model = new nn.GRU(3, 5);
      const other = new nn.GRU(3, 5);
      const inputs = { x: [4, 2, 3] } as const;
      const x = ramp(24);
      const half = await device.compile(({ x }) => named(model.forward(x)), { inputs, weights: "f16" });
      const read = async () => bits((await half.run({ x }).output!.read()).data);
      /** What a step that is compiled now gives. */
      const fresh = async () => {
        const copy = new nn.GRU(3, 5);
        copy.loadStateDict(await model.stateDict());
        const data = await outputOf(device, copy, x, inputs.x);
        copy.dispose();
        return bits(data);
      };
      const first = await read();
      expect(first).toEqual(await fresh());

      // No step has the parameters in float32 yet.
      model.loadStateDict(await other.stateDict());
      const loaded = await read();
      expect(loaded).not.toEqual(first);
      expect(loaded).toEqual(await fresh());

      const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
      const training = await device.compile(
        ({ x }) => ({ loss: model.forward(x).output.mul(model.forward(x).output).mean() }),
        { inputs, optimizer },
      );
      expect(await read()).toEqual(loaded);
      for (let step = 0; step < 2; step++) {
        training.run({ x });
        const trained = await read();
        expect(trained).not.toEqual(loaded);
        expect(trained).toEqual(await fresh());
      }
      model.loadStateDict(await other.stateDict());
      expect(await read()).toEqual(loaded);
      const whole = await device.compile(({ x }) => named(model.forward(x)), { inputs });
      const exact = (await whole.run({ x }).output!.read()).data;
      expect(bits(exact)).not.toEqual(loaded);
      for (const step of [half, training, whole]) step.dispose();
      for (const each of [model, other]) each.dispose();
    }));

  test("follow LBFGS, which moves parameters after their last evaluation", () =>
    withDevice(async (device) => {
      const layer = new nn.Linear(2, 1, { bias: false });
      layer.weight.write(Float32Array.of(1, 2));
      const optimizer = new optim.LBFGS(layer.parameters(), { maxIter: 1 });
      const inputs = { x: [1, 2] } as const;
      const training = await device.compile(({ x }) => ({ loss: layer.forward(x).square().sum() }), {
        inputs,
        optimizer,
      });
      const half = await device.compile(({ x }) => ({ y: layer.forward(x) }), { inputs, weights: "f16" });
      const seen: number[] = [];
      await optimizer.step(async () => {
        const { loss } = training.run({ x: [1, 1] });
        seen.push(await half.run({ x: [1, 1] }).y.item());
        return loss;
      });
      seen.push(await half.run({ x: [1, 1] }).y.item());
      // Both gradients are 6: the first step is 1 / 12 of them.
      expect(seen).toEqual([3, 2]);
      training.dispose();
      half.dispose();
      layer.dispose();
    }));

  test("are read by programs of other shapes and modes", () =>
    withDevice(async (device) => {
      manualSeed(5);
      const model = new nn.Sequential(new nn.Linear(5, 7), new nn.Dropout(0.5), new nn.Linear(7, 3));
      model.eval();
      const step = await device.compile(({ x }) => ({ y: model.forward(x) }), {
        inputs: { x: [2, 5] },
        weights: "f16",
      });
      const before = device.memory.byRole.parameter;
      const { data } = await step.run({ x: ramp(10) }).y.read();
      const more = (await step.run({ x: { data: ramp(45), shape: [9, 5] } }).y.read()).data;
      for (const [i, value] of data.entries()) expect(more[i]).toBeCloseTo(value, 6);
      model.train();
      expect((await step.run({ x: ramp(10) }).y.read()).data).not.toEqual(data);
      expect(device.memory.byRole.parameter).toBe(before);
      step.dispose();
      model.dispose();
    }));

  test("stay float32 where another op reads them too", () =>
    withDevice(async (device) => {
      const layer = new nn.Linear(4, 4);
      const other = new nn.Linear(4, 4);
      const step = await device.compile(
        ({ x }) => ({ y: other.forward(layer.forward(x)), norm: layer.weight.mul(layer.weight).sum() }),
        { inputs: { x: [1, 4] }, weights: "f16" },
      );
      // A whole weight and two biases; the other weight's half.
      expect(step.memory.parameter).toBe(64 + 2 * 16 + 32);
      const weight = (await layer.weight.read()).data;
      const { norm } = step.run({ x: ramp(4) });
      expect(await norm.item()).toBeCloseTo(
        weight.reduce((sum, value) => sum + value * value, 0),
        5,
      );
      step.dispose();
      for (const each of [layer, other]) each.dispose();
    }));

  test("give the gradients of what was computed with them", () =>
    withDevice(async (device) => {
      const layer = new nn.Linear(3, 2, { bias: false });
      layer.weight.write(Float32Array.of(1 / 3, 2 / 3, 1, -1 / 3, 0.1, 5));
      const step = await device.compile(({ x }) => ({ dx: grad(layer.forward(x).sum(), [x])[0]! }), {
        inputs: { x: [1, 3] },
        weights: "f16",
      });
      expect(step.memory.parameter).toBe(16);
      const { data } = await step.run({ x: ramp(3) }).dx.read();
      const rounded = [0.333251953125 - 0.333251953125, 0.66650390625 + 0.0999755859375, 6];
      for (const [i, value] of rounded.entries()) expect(data[i]).toBeCloseTo(value, 6);
      step.dispose();
      layer.dispose();
    }));

  test("are watched by detectAnomaly", () =>
    withDevice(async (device) => {
      const layer = new nn.Linear(2, 2);
      const step = await device.compile(({ x }) => ({ y: layer.forward(x) }), {
        inputs: { x: [1, 2] },
        weights: "f16",
        detectAnomaly: true,
      });
      await step.run({ x: [1, 2] }).y.read();
      layer.weight.write(Float32Array.of(1, Number.NaN, 1, 1));
      await expect(step.run({ x: [1, 2] }).y.read()).rejects.toThrow(AnomalyError);
      step.dispose();
      layer.dispose();
    }));

  test("serve streams", () =>
    withDevice(async (device) => {
      manualSeed(9);
      const model = new nn.LSTM(3, 6);
      const whole = await outputOf(device, model, ramp(12), [4, 1, 3]);
      const stream = await Stream.open(device, model, { weights: "f16" });
      for (let t = 0; t < 4; t++) {
        const { data } = await stream.step(ramp(12).slice(3 * t, 3 * t + 3));
        for (let unit = 0; unit < 6; unit++) expect(data[unit]).toBeCloseTo(whole[6 * t + unit]!, 6);
      }
      stream.dispose();
      model.dispose();
    }));

  test("are refused by name where they cannot be", () =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      const model = new nn.Linear(2, 2);
      const norm = new nn.LayerNorm(2);
      const inputs = { x: [1, 2] } as const;
      const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
      const loss = ({ x }: { x: Tensor }) => ({ loss: model.forward(x).sum() });
      await refuses(
        () => device.compile(loss, { inputs, weights: "f16", optimizer }),
        OptionError,
        'device.compile: weights "f16" are for inference',
        "second step",
      );
      for (const weights of ["half", "F16", 16, true, null] as never[]) {
        await refuses(
          () => device.compile(loss, { inputs, weights }),
          OptionError,
          'weights must be "f32" or "f16", got',
        );
      }
      await refuses(
        () => device.compile(({ x }) => ({ y: norm.forward(x) }), { inputs, weights: "f16" }),
        OptionError,
        "no parameter of this step is read by matrix products",
      );
      await refuses(
        () => Stream.open(device, new nn.LSTM(2, 2), { weights: "f8" as "f16" }),
        OptionError,
        '"f32" or "f16"',
      );
      for (const each of [model, norm]) each.dispose();
    }));

  test("live on one device, and end with the model", () =>
    withDevice(async (device) => {
      const model = new nn.Linear(2, 2);
      const options = { inputs: { x: [1, 2] }, weights: "f16" } as const;
      const compile = (on: Device) => on.compile(({ x }) => ({ y: model.forward(x) }), options);
      const step = await compile(device);
      await withDevice(async (second) => {
        await expect(compile(second)).rejects.toThrow(GraphError);
        await expect(compile(second)).rejects.toThrow("another device");
      });
      model.dispose();
      expect(() => step.run({ x: [1, 2] })).toThrow("step.run: the step's model was disposed");
      expect(device.memory.byRole.parameter).toBe(0);
      step.dispose();
    }));
});
