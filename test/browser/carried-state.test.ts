/** A trainer that carries its model's state: equals a hand-written loop, evaluates separately, reports progress as it trains. */
import { describe, expect, test } from "vitest";
import {
  type Callback,
  DataError,
  data,
  GraphError,
  manualSeed,
  metrics,
  nn,
  OptionError,
  optim,
  type Result,
  ShapeError,
  Stream,
  Trainer,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import {
  CLASSES,
  criterion,
  dispose,
  heldOut,
  LENGTH,
  ROWS,
  Speller,
  setUp,
  text,
  timeless,
} from "./carrying-case.ts";
import { withDevice } from "./gpu.ts";
import { bits, Tiny } from "./tiny.ts";

describe("a trainer that carries a state", () => {
  test("computes what a loop of one's own with device.compile does, bit for bit", () =>
    withDevice(async (device) => {
      const EPOCHS = 2;
      const parts = setUp(device);
      const losses: number[] = [];
      const evaluated: number[] = [];
      // Every batch an epoch, so that its loss is seen.
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

      // The state matters: with each window on its own the numbers are others.
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

  test("an evaluation carries its own state, over windows of any length, and disturbs nothing", () =>
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
          // In the middle of a pass; two at once do not disturb one another either.
          if (batch !== 2) return;
          const both = [
            watched.trainer.evaluate(watched.validation),
            watched.trainer.evaluate(watched.validation),
          ];
          const [one, two] = await Promise.all(both);
          expect(one!.loss).toBe(two!.loss);
          between.push(one!.loss);
        },
      }))
        found.push(timeless(report));
      expect(found).toEqual(expected);
      expect(between.length).toBe(4);
      expect(await bits(watched.model)).toEqual(await bits(plain.model));

      // The mean over all targets of one long window.
      const whole = new data.TextBatches(heldOut, { batchSize: ROWS, length: 9 });
      const [{ loss: cut }, { loss: once }] = [
        await plain.trainer.evaluate(plain.validation),
        await plain.trainer.evaluate(whole),
      ];
      expect(Math.abs(cut - once)).toBeLessThan(1e-6);
      const measured = await plain.trainer.evaluate(plain.validation);
      expect(measured).toEqual({ loss: cut, metrics: {} });
      await dispose(plain);
      await dispose(watched);
    }));

  test("predicts from a state of zero, as a stream's first steps", () =>
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

  test("where batches do not say, the state begins with every pass", () =>
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
      // Another number of rows is no matter where a batch begins.
      const fewer = { ...[...new data.TextBatches(text, { batchSize: 2, length: LENGTH })][0]! };
      expect((await losses([...said.slice(0, 2), fewer])).length).toBe(9);
    }));
});

describe("progress", () => {
  test("has the mean of the losses that have come back", () =>
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
          // Time enough for a loss to come.
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
        // The last mean lacks the last batches alone.
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

  test("metrics use the output", () =>
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
      const { loss: mse, metrics: found } = await trainer.evaluate(batches);
      expect(Math.abs(found["rmse"]! - Math.sqrt(mse))).toBeLessThan(1e-6);
      await trainer.dispose();
      model.dispose();
    }));
});
