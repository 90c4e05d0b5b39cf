/** Training runs of 100 steps against PyTorch in float64 from the same weights: tools/goldens/training.py. */
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { type Device, type NDArray, nn, optim, type Result, type Tensor } from "webgpu-lstm";
import type { GoldenCase } from "../golden-case.ts";
import { recordParity } from "../parity.ts";
import { loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";

const STEPS = 100;

/** One device for all runs. */
let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

/** The t-th batch of a run's data [batches, …], cyclically. */
function batchOf(data: NDArray, t: number): NDArray {
  const [batches, ...shape] = data.shape as [number, ...number[]];
  const size = data.data.length / batches;
  const start = (t % batches) * size;
  return { data: data.data.slice(start, start + size), shape };
}

function withWeights<M extends nn.Module>(model: M, golden: GoldenCase): M {
  model.loadStateDict(new Map(golden.names("param.").map((name) => [name, golden.input(`param.${name}`)])));
  return model;
}

/** Largest relative difference of any step's value from float64; NaN if one is NaN. */
async function farthest(results: readonly Result[], expected: Float64Array): Promise<number> {
  expect(results.length).toBe(expected.length);
  const values = await Promise.all(results.map((result) => result.item()));
  return Math.max(...values.map((value, t) => Math.abs(value - expected[t]!) / expected[t]!));
}

/**
 * The budget: a relative 1e-5, or the deviation of PyTorch's own float32 in the run if larger (measured with the rows of
 * each batch in eight orders).
 */
async function hold(
  task: TestContext["task"],
  row: string,
  golden: GoldenCase,
  train: (device: Device) => Promise<{ losses: Result[]; norms?: Result[]; dispose: () => void }>,
): Promise<void> {
  await frame.run(async (device) => {
    const { losses, norms, dispose } = await train(device);
    const spread = golden.number("spread");
    const budget = Math.max(spread, 1e-5);
    const off = await farthest(losses, golden.tensor("losses").data);
    const float32 = spread.toExponential(1);
    recordParity(task, {
      section: "Training runs of 100 steps",
      row,
      budget: `every loss within ${budget.toExponential(1)} of float64, relatively; PyTorch's float32 strays ${float32}`,
      used: off / budget,
    });
    console.log(`${row}: up to ${off.toExponential(1)} from float64, PyTorch's float32 ${float32}`);
    expect(off).toBeLessThanOrEqual(budget);
    if (norms) {
      const normBudget = Math.max(golden.number("norm_spread"), 1e-5);
      expect(await farthest(norms, golden.tensor("norms").data)).toBeLessThanOrEqual(normBudget);
    }
    dispose();
  });
}

/** The last step of an LSTM's output through a linear layer. */
class Regression extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly fc: nn.Linear;

  constructor(inputs: number, hidden: number, outputs: number, numLayers = 1) {
    super();
    this.lstm = new nn.LSTM(inputs, hidden, { numLayers, batchFirst: true });
    this.fc = new nn.Linear(hidden, outputs);
  }

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

async function regress(device: Device, golden: GoldenCase, model: Regression, optimizer: optim.Optimizer) {
  const [x, y] = [golden.input("x"), golden.input("y")];
  const step = await device.compile(({ x, y }) => ({ loss: new nn.MSELoss().forward(model.forward(x), y) }), {
    inputs: { x: x.shape.slice(1), y: y.shape.slice(1) },
    minimize: "loss",
    optimizer,
  });
  const losses: Result[] = [];
  for (let t = 0; t < STEPS; t++) {
    await step.ready();
    losses.push(step.run({ x: batchOf(x, t), y: batchOf(y, t) }).loss);
  }
  const dispose = () => {
    step.dispose();
    model.dispose();
  };
  return { losses, dispose };
}

test("sine wave: LSTM, Adam", async ({ task }) => {
  const golden = await loadGolden("training_sine");
  await hold(task, "sine wave: LSTM, Adam", golden, (device) => {
    const model = withWeights(new Regression(1, 16, 1), golden);
    const optimizer = new optim.Adam(model.parameters(), { lr: golden.number("lr") });
    return regress(device, golden, model, optimizer);
  });
});

test("regression: 2-layer LSTM, AdamW", async ({ task }) => {
  const golden = await loadGolden("training_regression");
  await hold(task, "regression: 2-layer LSTM, AdamW", golden, (device) => {
    const model = withWeights(new Regression(3, 12, 2, 2), golden);
    const [lr, weightDecay] = [golden.number("lr"), golden.number("weight_decay")];
    return regress(device, golden, model, new optim.AdamW(model.parameters(), { lr, weightDecay }));
  });
});

class CharacterModel extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly gru: nn.GRU;
  readonly fc: nn.Linear;

  constructor(characters: number) {
    super();
    this.embedding = new nn.Embedding(characters, 8, { paddingIdx: 0 });
    this.gru = new nn.GRU(8, 24, { batchFirst: true });
    this.fc = new nn.Linear(24, characters);
  }

  forward(x: Tensor, lengths: Tensor): Tensor {
    const { packPaddedSequence, padPackedSequence } = nn.utils.rnn;
    const embedded = this.embedding.forward(x);
    const packed = packPaddedSequence(embedded, lengths, { batchFirst: true, enforceSorted: false });
    const { output } = padPackedSequence(this.gru.forward(packed).output, { batchFirst: true });
    return this.fc.forward(output);
  }
}

test("characters: Embedding, GRU, packed batches, cross-entropy, Adam", async ({ task }) => {
  const golden = await loadGolden("training_characters");
  await hold(task, "characters: Embedding, packed GRU, CrossEntropyLoss, Adam", golden, async (device) => {
    const [characters] = golden.tensor("param.embedding.weight").shape as [number];
    const model = withWeights(new CharacterModel(characters), golden);
    const criterion = new nn.CrossEntropyLoss({ ignoreIndex: 0 });
    const [x, y, lengths] = [golden.input("x"), golden.input("y"), golden.input("lengths")];
    const optimizer = new optim.Adam(model.parameters(), { lr: golden.number("lr") });
    const step = await device.compile(
      ({ x, y, lengths }) => {
        const logits = model.forward(x, lengths); // [N, T, characters]
        return { loss: criterion.forward(logits.transpose(1, 2), y) };
      },
      {
        inputs: { x: x.shape.slice(1), y: y.shape.slice(1), lengths: lengths.shape.slice(1) },
        minimize: "loss",
        optimizer,
      },
    );
    const losses: Result[] = [];
    for (let t = 0; t < STEPS; t++) {
      await step.ready();
      const batch = { x: batchOf(x, t), y: batchOf(y, t), lengths: batchOf(lengths, t) };
      losses.push(step.run(batch).loss);
    }
    const dispose = () => {
      for (const owner of [step, model, criterion]) owner.dispose();
    };
    return { losses, dispose };
  });
});

class StreamModel extends nn.Module {
  readonly lstm = new nn.LSTM(1, 16, { batchFirst: true });
  readonly fc = new nn.Linear(16, 1);

  forward(x: Tensor, state: nn.LstmState): { output: Tensor; state: nn.LstmState } {
    const { output, state: after } = this.lstm.forward(x, state);
    return { output: this.fc.forward(output), state: after };
  }
}

test("stream: truncated backpropagation, clipping, SGD with momentum", async ({ task }) => {
  const golden = await loadGolden("training_stream");
  // Clipping acts in some steps and not in others.
  expect(golden.number("clipped")).toBeGreaterThan(20);
  expect(golden.number("clipped")).toBeLessThan(80);
  await hold(task, "stream: truncated BPTT, clipGradNorm_, SGD with momentum", golden, async (device) => {
    const model = withWeights(new StreamModel(), golden);
    const [x, y, keep] = [golden.input("x"), golden.input("y"), golden.input("keep")];
    const [, rows, length] = x.shape as [number, number, number, number];
    const state = [1, rows, 16];
    const [lr, momentum] = [golden.number("lr"), golden.number("momentum")];
    const optimizer = new optim.SGD(model.parameters(), { lr, momentum });
    const step = await device.compile(
      ({ x, y, keep, h, c }) => {
        // A row whose sequence has ended restarts from zero.
        const kept = keep.reshape([1, rows, 1]);
        const { output, state } = model.forward(x, { h: h.mul(kept), c: c.mul(kept) });
        const loss = new nn.MSELoss().forward(output, y);
        const norm = nn.utils.clipGradNorm_(model.parameters(), golden.number("max_norm"));
        return { loss, norm, h: state.h, c: state.c };
      },
      {
        inputs: { x: [rows, length, 1], y: [rows, length, 1], keep: [rows], h: state, c: state },
        minimize: "loss",
        optimizer,
      },
    );
    const losses: Result[] = [];
    const norms: Result[] = [];
    const zeros = () => new Float32Array(rows * 16);
    let carried: { h: Result | Float32Array; c: Result | Float32Array } = { h: zeros(), c: zeros() };
    for (let t = 0; t < STEPS; t++) {
      await step.ready();
      const { loss, norm, h, c } = step.run({
        x: batchOf(x, t),
        y: batchOf(y, t),
        keep: batchOf(keep, t),
        ...carried,
      });
      // The state stays on the GPU, and no gradient flows back into the previous run.
      carried = { h, c };
      losses.push(loss);
      norms.push(norm);
    }
    const dispose = () => {
      step.dispose();
      model.dispose();
    };
    return { losses, norms, dispose };
  });
});
