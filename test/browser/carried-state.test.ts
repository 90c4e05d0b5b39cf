/** A trainer that carries its model's state: the numbers of a loop written by hand, resumed to the bit, and evaluated apart. */
import { describe, expect, test } from "vitest";
import {
  type Callback,
  DataError,
  type Device,
  data,
  EarlyStopping,
  type EpochReport,
  GraphError,
  type Loss,
  loadCheckpoint,
  ModelCheckpoint,
  manualSeed,
  metrics,
  nn,
  OptionError,
  openCheckpointStore,
  optim,
  type Result,
  ShapeError,
  Stream,
  saveCheckpoint,
  type Tensor,
  Trainer,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { bits, Tiny } from "./tiny.ts";

const CLASSES = 7;
const ROWS = 3;
const LENGTH = 4;

/** Two kinds of layers, so that the state is a tree: { lstm: { h, c }, gru }. */
class Speller extends nn.Module {
  readonly embedding = new nn.Embedding(CLASSES, 5);
  readonly lstm = new nn.LSTM(5, 6, { batchFirst: true });
  readonly gru = new nn.GRU(6, 4, { numLayers: 2, dropout: 0.2, batchFirst: true });
  readonly fc = new nn.Linear(4, CLASSES);

  forward(x: Tensor, state?: { lstm: { h: Tensor; c: Tensor }; gru: Tensor }) {
    const first = this.lstm.forward(this.embedding.forward(x), state?.lstm);
    const second = this.gru.forward(first.output, state?.gru);
    return { output: this.fc.forward(second.output), state: { lstm: first.state, gru: second.state } };
  }
}

const criterion = new nn.CrossEntropyLoss();
/** Logits are [N, T, C], and PyTorch's loss has the classes in dimension 1. */
const loss: Loss = {
  forward: (output, y) => criterion.forward(output.transpose(1, 2), y),
};

const ids = (count: number, seed: number) => {
  const generator = manualSeed(seed);
  const noise = (i: number) => (i % 5 === 0 ? Number(BigInt.asUintN(8, generator.randomInt64())) : 0);
  return Array.from({ length: count }, (_, i) => (i + noise(i)) % CLASSES);
};
/** 6 windows, the last one of 2 steps. */
const text = ids(ROWS * 22 + 1, 1);
const heldOut = ids(ROWS * 9 + 1, 2);

interface Setting {
  readonly accumulate?: number;
  readonly batchesPerEpoch?: number;
}

function setUp(device: Device, { accumulate }: Setting = {}) {
  manualSeed(3);
  const model = new Speller();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  const trainer = new Trainer(device, model, {
    loss,
    optimizer,
    clipGradNorm: 1,
    carryState: true,
    ...(accumulate && { accumulate }),
  });
  const loader = new data.TextBatches(text, { batchSize: ROWS, length: LENGTH });
  const validation = new data.TextBatches(heldOut, { batchSize: ROWS, length: LENGTH });
  return { model, optimizer, trainer, loader, validation };
}

type Parts = ReturnType<typeof setUp>;

async function dispose({ trainer, model }: Parts): Promise<void> {
  await trainer.dispose();
  model.dispose();
}

const timeless = ({ seconds, stepsPerSecond, ...report }: EpochReport) => report;

describe("a trainer that carries a state", () => {
  test("equals a hand-written loop with device.compile, bit for bit", () =>
    withDevice(async (device) => {
      const EPOCHS = 2;
      const parts = setUp(device);
      const losses: number[] = [];
      const evaluated: number[] = [];
      // One batch an epoch, to see its loss.
      for await (const report of parts.trainer.fit(parts.loader, {
        epochs: EPOCHS * parts.loader.length,
        batchesPerEpoch: 1,
        validation: parts.validation,
      })) {
        losses.push(report.loss);
        evaluated.push(report.validationLoss!);
      }

      manualSeed(3);
      const model = new Speller();
      const inputs = {
        x: [ROWS, LENGTH],
        y: [ROWS, LENGTH],
        h: [1, ROWS, 6],
        c: [1, ROWS, 6],
        g: [2, ROWS, 4],
      } as const;
      const step = await device.compile(
        ({ x, y, h, c, g }) => {
          const { output, state } = model.forward(x, { lstm: { h, c }, gru: g });
          const value = criterion.forward(output.transpose(1, 2), y);
          nn.utils.clipGradNorm_(model.parameters(), 1);
          return { loss: value, h: state.lstm.h, c: state.lstm.c, g: state.gru };
        },
        { inputs, minimize: "loss", optimizer: new optim.Adam(model.parameters(), { lr: 0.02 }) },
      );
      const zeros = {
        h: new Float32Array(ROWS * 6),
        c: new Float32Array(ROWS * 6),
        g: new Float32Array(2 * ROWS * 4),
      };
      let state: Record<"h" | "c" | "g", Result | Float32Array> = zeros;
      const byHand: number[] = [];
      for (let epoch = 0; epoch < EPOCHS; epoch++) {
        for (const { x, y, begins } of parts.loader) {
          const { loss, ...after } = step.run({ x, y, ...(begins ? zeros : state) });
          state = after;
          byHand.push(await loss.item());
        }
      }
      expect(losses).toEqual(byHand);
      expect(losses.length).toBe(12);
      expect(await bits(parts.model)).toEqual(await bits(model));
      expect(new Set(evaluated).size).toBe(evaluated.length);

      // The state matters: separate windows give other numbers.
      const apart = setUp(device);
      const fresh = [...apart.loader].map((batch) => ({ ...batch, begins: true }));
      const others: number[] = [];
      for await (const { loss } of apart.trainer.fit(fresh, { epochs: 6, batchesPerEpoch: 1 }))
        others.push(loss);
      expect(others[0]).toBe(losses[0]);
      expect(others[1]).not.toBe(losses[1]);
      step.dispose();
      model.dispose();
      await dispose(parts);
      await dispose(apart);
    }));

  test("an evaluation carries its own state over windows of any length, without side effects", () =>
    withDevice(async (device) => {
      const plain = setUp(device);
      const expected: unknown[] = [];
      for await (const report of plain.trainer.fit(plain.loader, { epochs: 4, batchesPerEpoch: 4 }))
        expected.push(timeless(report));
      const watched = setUp(device);
      const found: unknown[] = [];
      const between: number[] = [];
      for await (const { validationLoss, ...report } of watched.trainer.fit(watched.loader, {
        epochs: 4,
        batchesPerEpoch: 4,
        validation: watched.validation,
        onProgress: async ({ batch }) => {
          // In the middle of a pass; two at once do not affect each other either.
          if (batch !== 2) return;
          const both = [
            watched.trainer.evaluate(watched.validation),
            watched.trainer.evaluate(watched.validation),
          ];
          const [one, two] = await Promise.all(both);
          expect(one).toBe(two);
          between.push(one!);
        },
      }))
        found.push(timeless(report));
      expect(found).toEqual(expected);
      expect(between.length).toBe(4);
      expect(await bits(watched.model)).toEqual(await bits(plain.model));

      // The mean over all targets, as of one long window.
      const whole = new data.TextBatches(heldOut, { batchSize: ROWS, length: 9 });
      const [cut, once] = [
        await plain.trainer.evaluate(plain.validation),
        await plain.trainer.evaluate(whole),
      ];
      expect(Math.abs(cut - once)).toBeLessThan(1e-6);
      const measured = await plain.trainer.measure(plain.validation);
      expect(measured).toEqual({ loss: cut, metrics: {} });
      await dispose(plain);
      await dispose(watched);
    }));

  test("predicts from the zero state, as a stream's first steps", () =>
    withDevice(async (device) => {
      const parts = setUp(device);
      for await (const _ of parts.trainer.fit(parts.loader, { epochs: 1 }));
      const x = { data: Float32Array.from([1, 2, 3, 4, 5, 6]), shape: [2, 3] };
      const prediction = await parts.trainer.predict(x, { batchSize: 1 });
      expect(prediction.shape).toEqual([2, 3, CLASSES]);
      const stream = await Stream.open(device, parts.model, { streams: 2, input: [] });
      for (let t = 0; t < 3; t++) {
        const { data: logits } = await stream.step(Float32Array.of(x.data[t]!, x.data[3 + t]!));
        for (const n of [0, 1]) {
          for (let k = 0; k < CLASSES; k++) {
            const of = prediction.data[(n * 3 + t) * CLASSES + k]!;
            expect(Math.abs(logits[n * CLASSES + k]! - of)).toBeLessThan(1e-6);
          }
        }
      }
      stream.dispose();
      await dispose(parts);
    }));

  test("starts the state with every pass if batches do not say", () =>
    withDevice(async (device) => {
      const losses = async (loader: Parameters<Trainer["fit"]>[0]) => {
        const parts = setUp(device);
        const found: number[] = [];
        for await (const { loss } of parts.trainer.fit(loader, { epochs: 9, batchesPerEpoch: 1 }))
          found.push(loss);
        await dispose(parts);
        return found;
      };
      const said = [...new data.TextBatches(text, { batchSize: ROWS, length: LENGTH })].slice(0, 4);
      const unsaid = said.map(({ x, y }) => ({ x, y }));
      expect(await losses(unsaid)).toEqual(await losses(said));
      // The number of rows may change where the state starts over.
      const fewer = { ...[...new data.TextBatches(text, { batchSize: 2, length: LENGTH })][0]! };
      expect((await losses([...said.slice(0, 2), fewer])).length).toBe(9);
    }));
});

describe("resumed, a run that carries a state is the one that was not stopped, to the bit", () => {
  const EPOCHS = 4;

  /** Trains on, until a batch of an epoch is done. */
  async function train(parts: Parts, { batchesPerEpoch }: Setting, stop?: { epoch: number; batch: number }) {
    const abort = new AbortController();
    try {
      for await (const _ of parts.trainer.fit(parts.loader, {
        epochs: EPOCHS,
        validation: parts.validation,
        signal: abort.signal,
        ...(batchesPerEpoch && { batchesPerEpoch }),
        onProgress: ({ epoch, batch }) => {
          if (epoch === stop?.epoch && batch === stop.batch) abort.abort(parts);
        },
      }));
    } catch (reason) {
      if (reason !== parts) throw reason;
    }
  }

  async function outcome({ model, trainer }: Parts) {
    return { weights: await bits(model), history: trainer.history.reports.map(timeless) };
  }

  test.each([
    ["an epoch a pass", {}],
    ["epochs of 4 of the 6 batches", { batchesPerEpoch: 4 }],
    ["epochs of 8 batches, longer than a pass", { batchesPerEpoch: 8 }],
    ["two batches to an update", { accumulate: 2 }],
    ["three batches to an update, epochs of 4 batches", { accumulate: 3, batchesPerEpoch: 4 }],
    ["four batches to an update, across passes", { accumulate: 4, batchesPerEpoch: 9 }],
  ] as [string, Setting][])("%s", (_, setting) =>
    withDevice(async (device) => {
      const straight = setUp(device, setting);
      await train(straight, setting);
      const expected = await outcome(straight);
      expect(expected.history.length).toBe(EPOCHS);
      await dispose(straight);
      const { batchesPerEpoch = 6 } = setting;
      for (const stop of [
        { epoch: 1, batch: 1 },
        { epoch: 2, batch: 3 },
        { epoch: 3, batch: batchesPerEpoch },
        { epoch: 4, batch: batchesPerEpoch - 1 },
      ]) {
        const first = setUp(device, setting);
        await train(first, setting, stop);
        const bytes = await first.trainer.checkpoint();
        await dispose(first);
        const second = setUp(device, setting);
        manualSeed(999);
        await second.trainer.resume(bytes);
        expect(await second.trainer.checkpoint()).toEqual(bytes);
        await train(second, setting);
        expect(await outcome(second), JSON.stringify(stop)).toEqual(expected);
        await dispose(second);
      }
    }),
  );

  test("a shuffled loader too goes on in the middle of its pass, from a checkpoint taken while batches run", () =>
    withDevice(async (device) => {
      const waves = data.slidingWindows(
        Array.from({ length: 25 }, (_, i) => Math.sin(i)),
        { length: 5 },
      );
      const make = (seed?: number) => {
        manualSeed(4);
        const model = new Tiny(1, 3);
        const optimizer = new optim.Adam(model.parameters());
        const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
        const own = seed === undefined ? {} : { seed };
        const loader = new data.DataLoader(waves, { batchSize: 4, shuffle: true, ...own });
        return { model, trainer, loader };
      };
      for (const seed of [undefined, 8]) {
        const taken: Promise<Uint8Array<ArrayBuffer>>[] = [];
        const run = async (
          { trainer, loader, model }: ReturnType<typeof make>,
          callbacks: Callback[] = [],
        ) => {
          for await (const _ of trainer.fit(loader, { epochs: 5, batchesPerEpoch: 3, callbacks }));
          const result = { weights: await bits(model), history: trainer.history.reports.map(timeless) };
          await trainer.dispose();
          model.dispose();
          return result;
        };
        const { trainer, ...straight } = make(seed);
        const keep: Callback = {
          onSettled: ({ epoch, batch }) => {
            if ((epoch === 2 && batch === 2) || (epoch === 4 && batch === 0))
              taken.push(trainer.checkpoint());
          },
        };
        const expected = await run({ trainer, ...straight }, [keep]);
        expect(taken.length).toBe(2);
        for (const bytes of await Promise.all(taken)) {
          const again = make(seed);
          manualSeed(77);
          await again.trainer.resume(bytes);
          expect(await run(again)).toEqual(expected);
        }
      }
    }));
});

test("a checkpoint with best weights and a carried state loads into a model of one's own", () =>
  withDevice(async (device) => {
    const parts = setUp(device);
    const store = await openCheckpointStore({ name: "carried-state" });
    try {
      const callbacks = [
        new ModelCheckpoint(store, { onlyBest: true, monitor: "loss" }),
        new EarlyStopping({ monitor: "loss", patience: 9, restoreBest: true }),
      ];
      for await (const _ of parts.trainer.fit(parts.loader, { epochs: 2, callbacks }));
      const last = await parts.trainer.checkpoint();
      const best = await store.load((await store.latest())!.name);
      const own = new Speller();
      const optimizer = new optim.Adam(own.parameters());
      for (const bytes of [best, last]) {
        const { trainer } = await loadCheckpoint(bytes, { model: own, optimizer });
        const names = [...trainer!.keys()];
        expect(names).toContain("trainer/callbacks/1/lstm.weight_hh_l0");
        expect(names).toContain("trainer/carried/state.lstm.h");
        // Nothing is lost where a trainer's file is saved again.
        expect(await saveCheckpoint(loadCheckpoint(bytes))).toEqual(bytes);
      }
      expect(await bits(own)).toEqual(await bits(parts.model));
      expect(await optimizer.stateDict()).toEqual(await parts.optimizer.stateDict());
      own.dispose();
      await dispose(parts);
    } finally {
      for (const { name } of await store.list()) await store.remove(name);
      store.close();
    }
  }));

describe("progress", () => {
  test("reports the mean of the losses read so far", () =>
    withDevice(async (device) => {
      const parts = setUp(device);
      const seen: (number | undefined)[][] = [[], []];
      const byCallback: (number | undefined)[] = [];
      const reports: number[] = [];
      const slow: Callback = { onBatchEnd: (run) => byCallback.push(run.loss) };
      for await (const { epoch, loss } of parts.trainer.fit(parts.loader, {
        epochs: 2,
        callbacks: [slow],
        onProgress: async ({ epoch, loss }) => {
          seen[epoch - 1]!.push(loss);
          // Enough time for a loss to arrive.
          await new Promise((resolve) => setTimeout(resolve, 50));
        },
      })) {
        reports.push(loss);
        expect(epoch).toBe(reports.length);
      }
      for (const [i, losses] of seen.entries()) {
        expect(losses.length).toBe(6);
        expect(losses[0]).toBeUndefined();
        const known = losses.filter((loss) => loss !== undefined);
        expect(known.length).toBeGreaterThan(2);
        // The last mean lacks only the last batches.
        expect(Math.abs(known.at(-1)! - reports[i]!)).toBeLessThan(0.1);
        expect(new Set(known).size).toBeGreaterThan(1);
      }
      expect(byCallback.length).toBe(12);
      expect(byCallback.some((loss) => loss !== undefined)).toBe(true);
      await dispose(parts);
    }));
});

describe("is refused", () => {
  test("a model or batches that cannot carry a state", () =>
    withDevice(async (device) => {
      const parts = setUp(device);
      const { trainer, loader, model } = parts;
      const fit = async (batches: unknown, of: Trainer = trainer, options: object = {}) => {
        for await (const _ of of.fit(wrong(batches), { epochs: 1, ...options }));
      };
      const [first, second] = [...loader];
      const narrow = [...new data.TextBatches(text, { batchSize: 2, length: LENGTH })][1]!;
      await expectRefusal(
        () => fit([first, narrow]),
        ShapeError,
        "Trainer.fit: a batch of [2, 4]",
        "state.lstm.h of [1, 2, 6], the batch before left [1, 3, 6]",
        "dropLast",
      );
      await expectRefusal(
        () => trainer.evaluate([first!, narrow]),
        ShapeError,
        "Trainer.evaluate: a batch of [2, 4]",
      );
      await expectRefusal(() => fit([{ ...second!, begins: 1 }]), DataError, "begins of a batch", "got 1");
      await expectRefusal(() => fit(loader, trainer, { batchesPerEpoch: 0 }), OptionError, "batchesPerEpoch");
      const once = loader[Symbol.iterator]();
      await expectRefusal(
        () => fit(once, trainer, { batchesPerEpoch: 50 }),
        DataError,
        "no batch in its second pass",
        "anew",
      );

      const make = (of: nn.Module, options: object) => {
        const optimizer = new optim.SGD(of.parameters(), { lr: 0.1 });
        return new Trainer(device, wrong(of), wrong({ loss: new nn.MSELoss(), optimizer, ...options }));
      };
      const both = new nn.LSTM(1, 3, { bidirectional: true, batchFirst: true });
      await expectRefusal(
        () => make(both, { carryState: true }),
        OptionError,
        "Trainer: carryState",
        "bidirectional",
      );
      await expectRefusal(
        () => make(model, { carryState: "yes" }),
        OptionError,
        "Trainer: carryState",
        '"yes"',
      );
      const x = { data: new Float32Array(6), shape: [2, 3, 1] };
      const windows = [{ x, y: { data: new Float32Array(2), shape: [2, 1] } }];
      const plain = new Tiny(1, 3);
      await expectRefusal(
        () => fit(windows, make(plain, { carryState: true })),
        GraphError,
        "{ output, state }",
      );
      await expectRefusal(() => fit(windows, make(new nn.LSTM(1, 3), {})), GraphError, "carryState: true");
      plain.dispose();
      await dispose(parts);
    }));

  test("a checkpoint of another kind of trainer, and a state that does not fit", () =>
    withDevice(async (device) => {
      const parts = setUp(device);
      const untouched = await parts.trainer.checkpoint();
      for await (const _ of parts.trainer.fit(parts.loader, { epochs: 1 }));
      const bytes = await parts.trainer.checkpoint();
      const names = [...loadCheckpoint(bytes).trainer!.keys()].filter((name) => name.startsWith("trainer/"));
      expect(names).toEqual(
        ["state.gru", "state.lstm.c", "state.lstm.h"].map((name) => `trainer/carried/${name}`),
      );

      const plain = new Trainer(device, wrong(parts.model), { loss, optimizer: parts.optimizer });
      const before = await bits(parts.model);
      await expectRefusal(() => plain.resume(bytes), OptionError, "Trainer.resume", "with carryState");
      await plain.resume(untouched);
      await parts.trainer.resume(bytes);
      expect(await bits(parts.model)).toEqual(before);
      const wider = new data.TextBatches(text, { batchSize: 2, length: LENGTH * 2 });
      const fit = async (options: object) => {
        for await (const _ of parts.trainer.fit(wider, { epochs: 3, ...options }));
      };
      await expectRefusal(() => fit({ batchesPerEpoch: 3 }), DataError, "6 batches in an epoch");
      await dispose(parts);
      await plain.dispose();
    }));

  test("metrics are of the output", () =>
    withDevice(async (device) => {
      manualSeed(1);
      const model = new nn.LSTM(1, 1, { batchFirst: true });
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const options = { loss: new nn.MSELoss(), optimizer, metrics: [new metrics.RMSE()] };
      const trainer = new Trainer(device, model, { ...options, carryState: true });
      const batches = [2, 3].map((length) => {
        const numbers = {
          data: Float32Array.from({ length: 2 * length }, (_, i) => i / 9),
          shape: [2, length, 1],
        };
        return { x: numbers, y: numbers };
      });
      const { loss: mse, metrics: found } = await trainer.measure(batches);
      expect(Math.abs(found["rmse"]! - Math.sqrt(mse))).toBeLessThan(1e-6);
      await trainer.dispose();
      model.dispose();
    }));
});
