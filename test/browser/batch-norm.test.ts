/** BatchNorm1d: PyTorch's numbers in both modes, and its running statistics. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Device, grad, nn, OptionError, optim, ShapeError, type Tensor } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { checkGradient } from "./numeric-gradient.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

type Given = ConstructorParameters<typeof nn.BatchNorm1d>;

test.for(goldenNames("batch_norm"))(
  "BatchNorm1d against PyTorch float64, three batches in training and one in evaluation: %s",
  async (name, { task }) => {
    const golden = await loadGolden(name);
    await frame.run(async (device) => {
      const norm = new nn.BatchNorm1d(...(golden.list("arguments") as unknown as Given));
      const keys = golden.names("state.");
      expect([...(await norm.stateDict()).keys()].sort()).toEqual([...keys].sort());
      norm.loadStateDict(new Map(keys.map((key) => [key, golden.input(`state.${key}`)])));
      const wanted: [string, Tensor][] = [...norm.namedParameters()];
      const { shape } = golden.tensor("x.0");
      // One step for all: it follows the mode.
      const step = await device.compile(
        ({ x, target }) => {
          const out = norm.forward(x);
          const named: [string, Tensor][] = [["x", x], ...wanted];
          const gradients = grad(
            new nn.MSELoss().forward(out, target),
            named.map(([, tensor]) => tensor),
          );
          return { out, ...Object.fromEntries(named.map(([key], i) => [`grad.${key}`, gradients[i]!])) };
        },
        { inputs: { x: shape, target: shape } },
      );
      const compare = (key: string, { data, shape }: { data: Float32Array; shape: readonly number[] }) => {
        const expected = golden.tensor(key);
        const row = `BatchNorm1d ${name.slice("batch_norm_".length).replaceAll("_", " ")}`;
        const used = budgetUsed(data, expected);
        recordParity(task, { section: "Layers", row, budget: float32Budget, used });
        expect(shape, key).toEqual(expected.shape);
        expectClose(`${name} ${key}`, data, expected);
      };
      for (let i = 0; i < 4; i++) {
        norm.train(i < 3);
        const results = step.run({ x: golden.input(`x.${i}`), target: golden.input(`target.${i}`) });
        expect(Object.keys(results).length).toBe(2 + wanted.length);
        for (const [key, result] of Object.entries(results)) compare(`${key}.${i}`, await result.read());
      }
      for (const [key, value] of await norm.stateDict()) compare(`after.${key}`, value);
      step.dispose();
      norm.dispose();
    });
  },
);

test("the gradients of a batch norm match difference quotients", () =>
  frame.run((device) => {
    const norm = new nn.BatchNorm1d(3, { eps: 0.01, affine: false, trackRunningStats: false });
    return checkGradient(
      device,
      { x: [4, 3, 5] },
      ({ x }) => norm.forward(x!),
      ({ x }) =>
        Float64Array.from(x!.data, (value, e) => {
          const channel = Math.floor(e / 5) % 3;
          const own = x!.data.filter((_, i) => Math.floor(i / 5) % 3 === channel);
          const mean = own.reduce((a, b) => a + b, 0) / 20;
          const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / 20;
          return (value - mean) / Math.sqrt(variance + 0.01);
        }),
      1,
    );
  }));

/** The buffers' values. */
async function statisticsOf(norm: nn.BatchNorm1d) {
  const state = await norm.stateDict();
  return ["running_mean", "running_var", "num_batches_tracked"].map((key) => [...state.get(key)!.data]);
}

/** Mean and unbiased variance of a channel, by PyTorch's formula with momentum 0.5, from 0 and 1. */
function runningAfter(batches: readonly (readonly number[])[]) {
  let [mean, variance] = [0, 1];
  for (const batch of batches) {
    const own = batch.reduce((a, b) => a + b, 0) / batch.length;
    const spread = batch.reduce((a, b) => a + (b - own) ** 2, 0) / (batch.length - 1);
    [mean, variance] = [0.5 * mean + 0.5 * own, 0.5 * variance + 0.5 * spread];
  }
  return [[mean], [variance], [batches.length]];
}

test("a module that is called twice in a step sees two batches, the second after the first", () =>
  frame.run(async (device) => {
    const norm = new nn.BatchNorm1d(1, { momentum: 0.5 });
    const step = await device.compile(
      ({ a, b }) => {
        const [first, second] = [norm.forward(a), norm.forward(b)];
        // Evaluation in between sees what the two have left.
        norm.eval();
        const after = norm.forward(a);
        norm.train();
        return { first, second, after };
      },
      { inputs: { a: [2, 1], b: [2, 1] } },
    );
    const { after } = step.run({ a: Float32Array.of(1, 3), b: Float32Array.of(5, 9) });
    const expected = runningAfter([
      [1, 3],
      [5, 9],
    ]);
    expect(await statisticsOf(norm)).toEqual(expected);
    const scale = 1 / Math.sqrt(expected[1]![0]! + 1e-5);
    const { data } = await after.read();
    expect(data[0]).toBeCloseTo((1 - expected[0]![0]!) * scale, 5);
    expect(data[1]).toBeCloseTo((3 - expected[0]![0]!) * scale, 5);
    step.dispose();
    norm.dispose();
  }));

test("evaluation, and shapes that come later, leave and keep the statistics", () =>
  frame.run(async (device) => {
    const norm = new nn.BatchNorm1d(1, { momentum: 0.5 });
    const step = await device.compile(({ x }) => ({ y: norm.forward(x) }), { inputs: { x: [2, 1] } });
    step.run({ x: Float32Array.of(1, 3) });
    norm.eval();
    step.run({ x: Float32Array.of(100, 200) });
    norm.train();
    step.run({ x: Float32Array.of(5, 6, 10) });
    expect(await statisticsOf(norm)).toEqual(
      runningAfter([
        [1, 3],
        [5, 6, 10],
      ]),
    );
    step.dispose();
    norm.dispose();
  }));

/** A training step over one layer, where a batch's target may be too large for float32. */
async function trained(device: Device, accumulates: boolean, clips: boolean) {
  const norm = new nn.BatchNorm1d(1, { momentum: 0.5 });
  const step = await device.compile(
    ({ x, y }) => {
      const loss = new nn.MSELoss().forward(norm.forward(x), y);
      if (clips) nn.utils.clipGradNorm_(norm.parameters(), 1, { errorIfNonfinite: true });
      return { loss };
    },
    {
      inputs: { x: [2, 1], y: [2, 1] },
      optimizer: new optim.SGD(norm.parameters(), { lr: 0.1 }),
      ...(accumulates && { accumulate: { runs: 2 } }),
    },
  );
  const batches = [
    [1, 3],
    [5, 9],
    [-2, 4],
  ];
  for (const [i, x] of batches.entries()) {
    const { loss } = step.run({ x: Float32Array.from(x), y: Float32Array.of(i === 1 ? 3e38 : 0, 0) });
    const read = loss.read();
    if (clips && i === 1) await expect(read).rejects.toThrow(/left its update out/);
    else await read;
  }
  const found = await statisticsOf(norm);
  step.dispose();
  norm.dispose();
  return { found, all: runningAfter(batches), without: runningAfter([batches[0]!, batches[2]!]) };
}

test("every run counts, also where several make one update", () =>
  frame.run(async (device) => {
    for (const accumulates of [false, true]) {
      const { found, all } = await trained(device, accumulates, false);
      expect(found).toEqual(all);
    }
  }));

test("a run whose update clipping leaves out does not count", () =>
  frame.run(async (device) => {
    const { found, without } = await trained(device, false, true);
    expect(found).toEqual(without);
  }));

test("has PyTorch's state, and refuses wrong options and inputs by name", async () => {
  const keys = async (options: nn.BatchNorm1dOptions) => [
    ...(await new nn.BatchNorm1d(2, options).stateDict()).keys(),
  ];
  const running = ["running_mean", "running_var", "num_batches_tracked"];
  expect(await keys({})).toEqual(["weight", "bias", ...running]);
  expect(await keys({ affine: false })).toEqual(running);
  expect(await keys({ trackRunningStats: false })).toEqual(["weight", "bias"]);
  const fresh = new nn.BatchNorm1d(2);
  expect((await fresh.stateDict()).get("num_batches_tracked")).toEqual({
    data: Float32Array.of(0),
    shape: [],
  });
  expect((await fresh.stateDict()).get("running_var")).toEqual({ data: Float32Array.of(1, 1), shape: [2] });
  expect(fresh.parameters()).toHaveLength(2);
  const make = (options: object) => new nn.BatchNorm1d(2, options);
  expect(() => make({ momentum: 2 })).toThrow(
    new OptionError("BatchNorm1d: momentum must be a number from 0 to 1, or null, got 2"),
  );
  expect(() => make({ track: true })).toThrow(/unknown option "track"/);
  await frame.run(async (device) => {
    const norm = new nn.BatchNorm1d(2);
    const trace = (shape: number[]) =>
      device.compile(({ x }: Readonly<Record<string, Tensor>>) => ({ y: norm.forward(x!) }), {
        inputs: { x: shape },
      });
    await expect(trace([1, 2])).rejects.toThrow(ShapeError);
    await expect(trace([1, 2, 1])).rejects.toThrow(
      /in training every channel must have more than one value, got \[1, 2, 1\]/,
    );
    await expect(trace([3, 4])).rejects.toThrow(
      /the input must be \[batch, 2\] or \[batch, 2, length\], got \[3, 4\]/,
    );
    await expect(trace([3, 2, 1, 1])).rejects.toThrow(ShapeError);
    norm.eval();
    (await trace([1, 2])).dispose();
    norm.dispose();
  });
});

test("an op reads the running mean that the forward pass before it has left, as in PyTorch", () =>
  frame.run(async (device) => {
    const norm = new nn.BatchNorm1d(1);
    const step = await device.compile(
      ({ x }) => {
        norm.forward(x);
        return { twice: norm.runningMean!.mul(2) };
      },
      { inputs: { x: [4, 1] } },
    );
    // 0.1 of the batch's mean, 2.5
    const { data } = await step.run({ x: Float32Array.of(1, 2, 3, 4) }).twice.read();
    expect(data[0]).toBeCloseTo(0.5, 6);
    step.dispose();
    norm.dispose();
  }));

test("normalizes a parameter, whose gradient lies beside those of weight and bias", () =>
  frame.run(async (device) => {
    class Table extends nn.Module {
      readonly rows = new nn.Parameter([3, 2], Float32Array.of(1, 2, 3, 5, 8, 7));
      readonly norm = new nn.BatchNorm1d(2);
    }
    const model = new Table();
    const step = await device.compile(
      ({ y }) => ({ loss: new nn.MSELoss().forward(model.norm.forward(model.rows), y) }),
      {
        inputs: { y: [3, 2] },
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      },
    );
    const { loss } = step.run({ y: Float32Array.of(1, 0, 0, 1, 0, 0) });
    const before = await loss.item();
    for (let i = 0; i < 20; i++) step.run({ y: Float32Array.of(1, 0, 0, 1, 0, 0) });
    const after = await step.run({ y: Float32Array.of(1, 0, 0, 1, 0, 0) }).loss.item();
    expect(after).toBeLessThan(before / 2);
    step.dispose();
    model.dispose();
  }));
