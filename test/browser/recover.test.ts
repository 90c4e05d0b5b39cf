/** A run whose device is lost goes on with another one, and computes the same bits as an undisturbed run. */
import { describe, expect, test } from "vitest";
import {
  type Callback,
  Device,
  DeviceLostError,
  data,
  defaultGenerator,
  EarlyStopping,
  type FitOptions,
  Generator,
  manualSeed,
  nn,
  OptionError,
  optim,
  type Tensor,
  Trainer,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { dispose as disposeCarrying, setUp as setUpCarrying } from "./carrying-case.ts";
import { facts, lose, own, request } from "./lost-devices.ts";
import { bits } from "./tiny.ts";

class Dropping extends nn.Module {
  readonly lstm = new nn.LSTM(1, 4, { numLayers: 2, dropout: 0.3, batchFirst: true });
  readonly fc = new nn.Linear(4, 2);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

const SAMPLES = 22;
const EPOCHS = 4;

function setUp(device: Device, options: { accumulate?: number; onNonFinite?: "throw" | "skip" } = {}) {
  manualSeed(3);
  const model = new Dropping();
  const optimizer = new optim.NAdam(model.parameters(), { lr: 0.02 });
  // The loss has a buffer of its own on the device.
  const loss = new nn.CrossEntropyLoss({ weight: [0.4, 1.6] });
  const trainer = new Trainer(device, model, { loss, optimizer, clipGradNorm: 1, ...options });
  const series = Array.from({ length: SAMPLES + 5 }, (_, i) => Math.sin(i / 2));
  const { x } = new data.DataLoader(data.slidingWindows(series, { length: 5 }), { batchSize: SAMPLES })
    [Symbol.iterator]()
    .next().value!;
  const y = { data: Float32Array.from({ length: SAMPLES }, (_, i) => (i * i) % 2), shape: [SAMPLES] };
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 4, shuffle: true });
  const validation = new data.DataLoader(new data.TensorDataset(x, y), {
    batchSize: 9,
    shuffle: true,
    seed: 2,
  });
  const schedule = new optim.lrScheduler.StepLR(optimizer, 2, { gamma: 0.5 });
  const callbacks: Callback[] = [new EarlyStopping({ patience: 50, restoreBest: true })];
  return { model, optimizer, trainer, loader, validation, schedule, callbacks };
}

type Parts = ReturnType<typeof setUp>;

/** Trains, losing the device after these batches, counted through all that are submitted. */
async function train(parts: Parts, losses: readonly number[], options: Partial<FitOptions> = {}) {
  const { model, optimizer, trainer, loader, validation, schedule, callbacks } = parts;
  let submitted = 0;
  const losing: Callback = {
    onBatchEnd: () => {
      if (losses.includes(++submitted)) lose(trainer);
    },
  };
  const reports = [];
  for await (const { seconds, stepsPerSecond, ...report } of trainer.fit(loader, {
    ...{ epochs: EPOCHS, validation, schedule, callbacks: [...callbacks, losing] },
    ...options,
  })) {
    reports.push(report);
  }
  const outcome = {
    reports,
    history: trainer.history.column("loss"),
    model: await bits(model),
    optimizer: await optimizer.stateDict(),
    random: defaultGenerator.getState(),
  };
  own(trainer.device);
  await trainer.dispose();
  model.dispose();
  return { outcome, submitted };
}

describe("onDeviceLost: recover", () => {
  test.each([
    ["the state after each epoch", {}, {}],
    ["a state every 2 batches", {}, { keepEvery: 2 }],
    ["accumulated gradients", { accumulate: 4 }, { keepEvery: 1 }],
    ["batches that may be skipped", { onNonFinite: "skip" as const }, { keepEvery: 3 }],
  ])("computes the same bits: %s", { timeout: 240_000 }, async (name, settings, options) => {
    const { outcome } = await train(setUp(await request(), settings), []);
    const generator = new Generator(name.length);
    for (let round = 0; round < 2; round++) {
      const batches = EPOCHS * Math.ceil(SAMPLES / 4);
      const losses = Array.from({ length: 2 }, () => 1 + (generator.random() % batches));
      const parts = setUp(await request(), settings);
      const weight = parts.model.fc.weight;
      const disturbed = await train(parts, losses, { onDeviceLost: "recover", ...options });
      expect(disturbed.outcome, `losses after ${losses}`).toEqual(outcome);
      expect(disturbed.submitted).toBeGreaterThan(batches);
      expect(parts.model.fc.weight).toBe(weight);
    }
  });

  test("before the first batch, while it compiles", { timeout: 120_000 }, async () => {
    const { outcome } = await train(setUp(await request()), []);
    const parts = setUp(await request());
    let isLost = false;
    const losing: Callback = {
      onFitStart: () => {
        if (!isLost) setTimeout(() => lose(parts.trainer));
        isLost = true;
      },
    };
    const callbacks = [...parts.callbacks, losing];
    const disturbed = await train({ ...parts, callbacks }, [], { onDeviceLost: "recover" });
    expect(disturbed.outcome).toEqual(outcome);
  });

  test("goes on with a carried state", { timeout: 120_000 }, async () => {
    const run = async (losses: readonly number[]) => {
      const parts = setUpCarrying(await request());
      let submitted = 0;
      const { reports } = await parts.trainer.fit(parts.loader, {
        epochs: 3,
        validation: parts.validation,
        onDeviceLost: "recover",
        keepEvery: 2,
        callbacks: [{ onBatchEnd: () => void (losses.includes(++submitted) && lose(parts.trainer)) }],
      });
      const outcome = { losses: reports.map(({ loss }) => loss), model: await bits(parts.model) };
      own(parts.trainer.device);
      await disposeCarrying(parts);
      return outcome;
    };
    expect(await run([4, 9])).toEqual(await run([]));
  });

  test("a function gives the new device", { timeout: 120_000 }, async () => {
    const native = async () => (await navigator.gpu.requestAdapter())!.requestDevice();
    const from = async () => Device.from(await native(), { facts });
    const { outcome } = await train(setUp(await from()), []);
    const parts = setUp(await from());
    await expectRefusal(
      () => parts.trainer.fit(parts.loader, { epochs: 1, onDeviceLost: "recover" }),
      OptionError,
      "Trainer.fit: onDeviceLost",
      "Device.from",
    );
    const seen: DeviceLostError[] = [];
    const onDeviceLost = (lost: DeviceLostError) => {
      seen.push(lost);
      return from();
    };
    const disturbed = await train(parts, [3], { onDeviceLost });
    expect(disturbed.outcome).toEqual(outcome);
    expect(seen.map(({ message }) => message)).toEqual([expect.stringContaining("destroyed")]);
  });

  test("gives up after so many times", { timeout: 120_000 }, async () => {
    const parts = setUp(await request());
    let count = 0;
    const callbacks: Callback[] = [
      {
        onBatchEnd: () => {
          count++;
          lose(parts.trainer);
        },
      },
    ];
    const { trainer, loader, model } = parts;
    const options = { epochs: 2, callbacks, onDeviceLost: "recover", maxRecoveries: 2 } as const;
    await expectRefusal(() => trainer.fit(loader, options), DeviceLostError, "destroyed");
    expect(count).toBeGreaterThanOrEqual(3);
    await trainer.dispose();
    model.dispose();
  });

  test("ends with the signal's reason where it is aborted, too", { timeout: 120_000 }, async () => {
    const { trainer, loader, model } = setUp(await request());
    const stop = new AbortController();
    const onBatchEnd: Callback["onBatchEnd"] = ({ batch, batches }) => {
      if (batch !== batches) return;
      // The epoch's losses cannot be read any more.
      lose(trainer);
      stop.abort(new RangeError("enough"));
    };
    const options = {
      epochs: 2,
      callbacks: [{ onBatchEnd }],
      onDeviceLost: "recover",
      signal: stop.signal,
    } as const;
    await expect(trainer.fit(loader, options)).rejects.toThrow(new RangeError("enough"));
    await trainer.dispose();
    model.dispose();
  });

  test("refuses other settings", async () => {
    const { trainer, loader, model } = setUp(await request());
    const fit = (options: object) => trainer.fit(loader, wrong({ epochs: 1, ...options }));
    await expectRefusal(
      () => fit({ onDeviceLost: "again" }),
      OptionError,
      "onDeviceLost",
      '"recover"',
      'got "again"',
    );
    await expectRefusal(() => fit({ keepEvery: 0 }), OptionError, "keepEvery", "got 0");
    await expectRefusal(() => fit({ maxRecoveries: -1 }), OptionError, "maxRecoveries", "got -1");
    await expectRefusal(() => fit({ keepEvery: 8 }), OptionError, "keepEvery", "need onDeviceLost");
    await trainer.dispose();
    model.dispose();
  });
});
