/** Whole training runs: nothing leaks, the same seed gives the same bits, and the Trainer keeps its promises. */
import { describe, expect, test } from "vitest";
import { type Device, data, manualSeed, nn, optim, Trainer } from "webgpu-lstm";
import { withDevice } from "./gpu.ts";
import { bits, Tiny, tinyShapes, trainingStep, values } from "./tiny.ts";

const batch = { x: values(tinyShapes.x), y: values(tinyShapes.y) };

test("1,000 steps leak nothing: live bytes stay constant, and no buffer is created after the first steps", () =>
  withDevice(async (device) => {
    const model = new Tiny();
    const step = await trainingStep(device, model);
    // The last batch of an epoch is short; a loss is read occasionally.
    const short = { x: batch.x.subarray(0, 2 * 3 * 2), y: batch.y.subarray(0, 2) };
    const losses: number[] = [];
    const train = async (steps: number) => {
      for (let i = 1; i <= steps; i++) {
        await step.ready();
        const { loss } = step.run(i % 10 === 0 ? short : batch);
        if (i % 50 === 0) losses.push(await loss.item());
      }
    };
    await train(50);
    const before = device.memory;
    await train(1000);
    expect(device.memory).toEqual(before);
    expect(losses.length).toBe(21);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 10);
    step.dispose();
    model.dispose();
  }));

describe("the same seed gives the same bits", () => {
  test("of every weight after 20 steps", () =>
    withDevice(async (device) => {
      const train = async () => {
        manualSeed(5);
        const model = new Tiny();
        const step = await trainingStep(device, model);
        for (let i = 0; i < 20; i++) step.run({ x: values(tinyShapes.x, i), y: values(tinyShapes.y, i) });
        const trained = await bits(model);
        step.dispose();
        model.dispose();
        return trained;
      };
      const first = await train();
      expect(await train()).toEqual(first);
      manualSeed(5);
      expect(await bits(new Tiny())).not.toEqual(first);
    }));

  test("through a Trainer with a shuffled loader, weights and losses", () =>
    withDevice(async (device) => {
      const run = async (seed: number) => {
        manualSeed(seed);
        const { model, trainer } = forecaster(device);
        const loader = new data.DataLoader(waves(10), { batchSize: 4, shuffle: true });
        const losses: number[] = [];
        for await (const { loss } of trainer.fit(loader, { epochs: 3 })) losses.push(loss);
        const trained = await bits(model);
        await trainer.dispose();
        model.dispose();
        return { trained, losses };
      };
      const first = await run(1);
      expect(await run(1)).toEqual(first);
      expect((await run(2)).losses).not.toEqual(first.losses);
    }));

  test("on a device with the first one's facts, which makes the plan equal too", () =>
    withDevice(async (device) => {
      const train = async (on: Device) => {
        manualSeed(3);
        const model = new Tiny();
        const step = await trainingStep(on, model);
        const plan = await step.describe();
        for (let i = 0; i < 5; i++) step.run(batch);
        const trained = await bits(model);
        step.dispose();
        model.dispose();
        return { plan, trained };
      };
      const first = await train(device);
      const { facts } = device;
      expect(await withDevice(train, { facts })).toEqual(first);
    }));
});

test("state carried from run to run on the GPU equals one long sequence", () =>
  withDevice(async (device) => {
    const [N, T, I, H] = [2, 4, 2, 3];
    const pieces = 3;
    const lstm = new nn.LSTM(I, H, { batchFirst: true });
    const long = values([N, pieces * T, I]);
    const whole = await device.compile(({ x }) => ({ output: lstm.forward(x).output }), {
      inputs: { x: [N, pieces * T, I] },
    });
    const expected = await whole.run({ x: long }).output.read();

    const part = await device.compile(
      ({ x, h, c }) => {
        const { output, state } = lstm.forward(x, { h, c });
        return { output, h: state.h, c: state.c };
      },
      { inputs: { x: [N, T, I], h: [1, N, H], c: [1, N, H] } },
    );
    const zero = new Float32Array(N * H);
    let results = part.run({ x: slice(0), h: zero, c: zero });
    for (let p = 0; p < pieces; p++) {
      if (p > 0) results = part.run({ x: slice(p), h: results.h, c: results.c });
      const output = await results.output.read();
      for (let n = 0; n < N; n++) {
        const from = (n * pieces + p) * T * H;
        output.data.subarray(n * T * H, (n + 1) * T * H).forEach((value, i) => {
          expect(value).toBeCloseTo(expected.data[from + i]!, 6);
        });
      }
    }
    whole.dispose();
    part.dispose();
    lstm.dispose();

    /** Steps p·T to (p + 1)·T of every sequence. */
    function slice(p: number): Float32Array {
      const rows = Array.from({ length: N }, (_, n) => {
        const from = (n * pieces + p) * T * I;
        return [...long.subarray(from, from + T * I)];
      });
      return Float32Array.from(rows.flat());
    }
  }));

describe("Trainer.fit", () => {
  test("reports every epoch, its validation and its batches", () =>
    withDevice(async (device) => {
      const { model, trainer, optimizer } = forecaster(device, 0.05);
      const loader = new data.DataLoader(waves(10), { batchSize: 4 });
      const validation = new data.DataLoader(waves(6), { batchSize: 4 });
      const progress: string[] = [];
      const epochs = [];
      for await (const report of trainer.fit(loader, {
        epochs: 12,
        validation,
        onProgress: ({ epoch, epochs, batch, batches }) =>
          progress.push(`${epoch}/${epochs} ${batch}/${batches}`),
      })) {
        epochs.push(report);
        // fit's validation equals evaluate's result.
        expect((await trainer.evaluate(validation)).loss).toBe(report.validationLoss);
      }
      expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
      expect(epochs.every(({ steps, seconds }) => steps === 3 && seconds > 0)).toBe(true);
      expect(epochs[0]!.stepsPerSecond).toBeCloseTo(3 / epochs[0]!.seconds, 6);
      expect(progress.slice(0, 4)).toEqual(["1/12 1/3", "1/12 2/3", "1/12 3/3", "2/12 1/3"]);
      expect(progress.length).toBe(36);
      expect(optimizer.steps).toBe(36);
      expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss / 2);
      await trainer.dispose();
      model.dispose();
    }));

  test("weights a short last batch by its samples, and evaluates without training", () =>
    withDevice(async (device) => {
      const { model, trainer } = forecaster(device);
      const before = await bits(model);
      const dataset = waves(10);
      const { loss: mean } = await trainer.evaluate(new data.DataLoader(dataset, { batchSize: 4 }));
      const { data: predicted } = await trainer.predict(dataset.x);
      const squares = [...predicted].map((value, i) => (value - dataset.y.data[i]!) ** 2);
      expect(mean).toBeCloseTo(squares.reduce((sum, square) => sum + square, 0) / 10, 6);
      expect(await bits(model)).toEqual(before);
      expect(model.training).toBe(true);
      await trainer.dispose();
      model.dispose();
    }));

  test("stops at an AbortSignal, keeps the weights, and can fit again", () =>
    withDevice(async (device) => {
      const { model, trainer, optimizer } = forecaster(device);
      const loader = new data.DataLoader(waves(12), { batchSize: 4 });
      const abort = new AbortController();
      const reason = new Error("the reader has seen enough");
      const seen: number[] = [];
      const running = (async () => {
        for await (const { epoch } of trainer.fit(loader, {
          epochs: 50,
          signal: abort.signal,
          onProgress: ({ epoch, batch }) => {
            if (epoch === 2 && batch === 2) abort.abort(reason);
          },
        }))
          seen.push(epoch);
      })();
      await expect(running).rejects.toBe(reason);
      expect(seen).toEqual([1]);
      expect(optimizer.steps).toBe(5);
      await expect(trainer.fit(loader, { epochs: 1, signal: abort.signal }).next()).rejects.toBe(reason);
      expect(optimizer.steps).toBe(5);
      for await (const { epoch } of trainer.fit(loader, { epochs: 2 })) seen.push(epoch);
      expect(seen).toEqual([1, 1, 2]);
      await trainer.dispose();
      model.dispose();
    }));

  test("can be left with break, and continues where it was", () =>
    withDevice(async (device) => {
      const [broken, whole] = [forecaster(device), forecaster(device)];
      whole.model.loadStateDict(await broken.model.stateDict());
      const loader = new data.DataLoader(waves(8), { batchSize: 4 });
      const losses: number[] = [];
      for (let part = 0; part < 3; part++) {
        for await (const { loss } of broken.trainer.fit(loader, { epochs: 9 })) {
          losses.push(loss);
          if (part < 2 || losses.length === 4) break;
        }
        if (part === 2) {
          for await (const { loss } of broken.trainer.fit(loader, { epochs: 1 })) losses.push(loss);
        }
      }
      const expected: number[] = [];
      for await (const { loss } of whole.trainer.fit(loader, { epochs: losses.length })) expected.push(loss);
      expect(losses).toEqual(expected);
      for (const { model, trainer } of [broken, whole]) {
        await trainer.dispose();
        model.dispose();
      }
    }));

  test("predict equals forward, in batches", () =>
    withDevice(async (device) => {
      const { model, trainer } = forecaster(device);
      const { x } = waves(10);
      const step = await device.compile(({ x }) => ({ pred: model.forward(x) }), { inputs: { x: x.shape } });
      const expected = await step.run({ x }).pred.read();
      expect(expected.shape).toEqual([10, 1]);
      for (const batchSize of [1, 4, 10, 256]) {
        const predicted = await trainer.predict(x, { batchSize });
        expect(predicted.shape).toEqual([10, 1]);
        predicted.data.forEach((value, i) => {
          expect(value).toBeCloseTo(expected.data[i]!, 6);
        });
      }
      step.dispose();
      await trainer.dispose();
      model.dispose();
    }));
});

test("a Trainer with clipGradNorm moves the weights by at most the learning rate times it", () =>
  withDevice(async (device) => {
    const moved = async (options: { clipGradNorm?: number }) => {
      manualSeed(2);
      const model = new Tiny(1, 4);
      const before = await model.stateDict();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
      const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer, ...options });
      const loader = new data.DataLoader(waves(8), { batchSize: 8 });
      for await (const _ of trainer.fit(loader, { epochs: 1 }));
      const after = await model.stateDict();
      await trainer.dispose();
      model.dispose();
      const squares = [...after].flatMap(([name, { data }]) =>
        Array.from(data, (value, i) => (value - before.get(name)!.data[i]!) ** 2),
      );
      return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    };
    expect(await moved({})).toBeGreaterThan(0.5 * 1e-2);
    expect(await moved({ clipGradNorm: 1e-2 })).toBeCloseTo(0.5 * 1e-2, 5);
  }));

/** A model with a Trainer. */
function forecaster(device: Device, lr = 0.01) {
  const model = new Tiny(1, 4);
  const optimizer = new optim.Adam(model.parameters(), { lr });
  return { model, optimizer, trainer: new Trainer(device, model, { loss: new nn.MSELoss(), optimizer }) };
}

/** `count` windows of a sine. */
function waves(count: number): data.TensorDataset {
  const series = Array.from({ length: count + 5 }, (_, i) => Math.sin(i / 2));
  return data.slidingWindows(series, { length: 5 });
}
