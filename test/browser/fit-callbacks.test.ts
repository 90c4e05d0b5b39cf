/** Callbacks: early stopping, checkpoints into a store, and custom ones. */
import { describe, expect, test } from "vitest";
import {
  type Callback,
  type CheckpointStore,
  data,
  EarlyStopping,
  LearningRateSchedule,
  ModelCheckpoint,
  nn,
  OptionError,
  openCheckpointStore,
  optim,
  type StoredCheckpoint,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { fit, loader, Scripted, setUp, validation, waves } from "./fit-case.ts";
import { withDevice } from "./gpu.ts";
import { bits } from "./tiny.ts";

/** A store in memory that records its calls. */
function memoryStore() {
  const saved = new Map<string, Uint8Array<ArrayBuffer>>();
  const events: string[] = [];
  const store: CheckpointStore = {
    backend: "memory",
    async save(name, checkpoint) {
      events.push(`save ${name}`);
      saved.delete(name);
      saved.set(name, checkpoint as Uint8Array<ArrayBuffer>);
    },
    load: async (name) => saved.get(name)!,
    loadBlob: async (name) => new Blob([saved.get(name)!]),
    async list(): Promise<StoredCheckpoint[]> {
      return [...saved].map(([name, { length }]) => ({ name, bytes: length, savedAt: new Date() }));
    },
    latest: async () => (await store.list()).at(-1),
    async remove(name) {
      events.push(`remove ${name}`);
      saved.delete(name);
    },
    close() {},
  };
  return { store, events, saved };
}

describe("EarlyStopping", () => {
  const monitor = "scripted";

  test.each([
    [[5, 4, 4, 4, 3], { patience: 1 }, 4, 2],
    [[5, 4, 4, 4, 3], { patience: 2 }, null, 5],
    [[5, 4, 3.95, 3.9, 3.85], { patience: 1, minDelta: 0.2 }, 4, 2],
    [[1, 2, 1, 1, 1], { patience: 1, mode: "max" }, 4, 2],
    [[5, Number.NaN, 6, 7, 1], { patience: 0 }, 2, 1],
    [[5, 4, 3, 2, 1], { patience: 0 }, null, 5],
  ] as const)("on %j with %j stops after epoch %s with best epoch %i", (script, options, stopped, best) =>
    withDevice(async (device) => {
      const { trainer, model, dispose } = setUp(device, { metrics: [new Scripted(script)] });
      const stopping = new EarlyStopping({ monitor, restoreBest: true, ...options });
      const weights: unknown[] = [];
      for await (const _ of trainer.fit(loader, { epochs: 5, validation, callbacks: [stopping] })) {
        weights.push(await bits(model));
      }
      const atEnd = await bits(model);
      expect(weights.length).toBe(stopped ?? 5);
      expect([stopping.stoppedEpoch, stopping.bestEpoch]).toEqual([stopped, best]);
      expect(stopping.best).toBe(script[best - 1]);
      expect(atEnd).toEqual(weights[best - 1]);
      await dispose();
    }),
  );

  test("without restoreBest keeps the last weights; starts over with another run; skips epochs without validation", () =>
    withDevice(async (device) => {
      const script = new Scripted([2, 3, 4, 3, 4]);
      const { trainer, model, dispose } = setUp(device, { metrics: [script] });
      const stopping = new EarlyStopping({ monitor, patience: 1 });
      let last: unknown;
      const options = { epochs: 9, validation, validateEvery: 3, callbacks: [stopping] };
      for await (const _ of trainer.fit(loader, options)) last = await bits(model);
      expect([stopping.stoppedEpoch, stopping.bestEpoch]).toEqual([9, 3]);
      expect(await bits(model)).toEqual(last);
      await fit(trainer, { epochs: 2, validation, callbacks: [stopping] });
      expect([stopping.best, stopping.bestEpoch, stopping.stoppedEpoch]).toEqual([3, 1, null]);
      await dispose();
    }));

  test("stays stopped when resumed, with the best weights", () =>
    withDevice(async (device) => {
      const first = setUp(device, { metrics: [new Scripted([2, 1, 5])] });
      const stopping = () => new EarlyStopping({ monitor, patience: 0, restoreBest: true });
      let bytes: Uint8Array<ArrayBuffer> | undefined;
      for await (const _ of first.trainer.fit(loader, { epochs: 9, validation, callbacks: [stopping()] })) {
        bytes = await first.trainer.checkpoint();
      }
      const best = await bits(first.model);
      const second = setUp(device, { metrics: [new Scripted([])] });
      await second.trainer.resume(bytes!);
      expect(await fit(second.trainer, { epochs: 9, validation, callbacks: [stopping()] })).toEqual([]);
      expect(await bits(second.model)).toEqual(best);
      expect(second.trainer.history.length).toBe(3);
      await first.dispose();
      await second.dispose();
    }));

  test("monitors the validation loss by default, or the loss without validation", () =>
    withDevice(async (device) => {
      const { trainer, dispose } = setUp(device);
      const stopping = new EarlyStopping();
      const validated = await fit(trainer, { epochs: 3, validation, callbacks: [stopping] });
      expect(stopping.best).toBe(Math.min(...validated.map(({ validationLoss }) => validationLoss!)));
      const plain = await fit(trainer, { epochs: 3, callbacks: [stopping] });
      expect(stopping.best).toBe(Math.min(...plain.map(({ loss }) => loss)));
      await dispose();
    }));
});

describe("ModelCheckpoint", () => {
  test("saves every few epochs and batches, keeps the latest ones, and resumes from each", () =>
    withDevice(async (device) => {
      const { store, events, saved } = memoryStore();
      await store.save("another", new Uint8Array(1));
      const { trainer, model, dispose } = setUp(device);
      await fit(trainer, {
        epochs: 4,
        callbacks: [new ModelCheckpoint(store, { everyEpochs: 2, everyBatches: 2, keep: 3, name: "run" })],
      });
      expect(events.slice(1)).toEqual([
        "save run-000001-000002",
        "save run-000002-000002",
        "save run-000002",
        "save run-000003-000002",
        "remove run-000001-000002",
        "save run-000004-000002",
        "remove run-000002-000002",
        "save run-000004",
        "remove run-000002",
      ]);
      expect([...saved.keys()]).toEqual(["another", "run-000003-000002", "run-000004-000002", "run-000004"]);
      const expected = await bits(model);
      await dispose();
      for (const name of [...saved.keys()].slice(1)) {
        const again = setUp(device);
        await again.trainer.resume(await store.load(name));
        const callbacks = [new ModelCheckpoint(memoryStore().store)];
        await fit(again.trainer, { epochs: 4, callbacks });
        expect(await bits(again.model)).toEqual(expected);
        expect(again.trainer.history.length).toBe(4);
        await again.dispose();
      }
    }));

  test("saves only the best epochs, also across a resumption", () =>
    withDevice(async (device) => {
      const { store, events } = memoryStore();
      const first = setUp(device, { metrics: [new Scripted([5, 6, 4])] });
      const make = () => [new ModelCheckpoint(store, { onlyBest: true, monitor: "scripted", keep: 1 })];
      await fit(first.trainer, { epochs: 3, validation, callbacks: make() });
      expect(events).toEqual([
        "save checkpoint-000001",
        "save checkpoint-000003",
        "remove checkpoint-000001",
      ]);
      const second = setUp(device, { metrics: [new Scripted([4.5, 3])] });
      await second.trainer.resume(await store.load("checkpoint-000003"));
      events.length = 0;
      await fit(second.trainer, { epochs: 5, validation, callbacks: make() });
      expect(events).toEqual(["save checkpoint-000005", "remove checkpoint-000003"]);
      await first.dispose();
      await second.dispose();
    }));

  test("saves to the browser's own storage", () =>
    withDevice(async (device) => {
      const name = `test ${Math.random()}`;
      const store = await openCheckpointStore({ name });
      const first = setUp(device);
      await fit(first.trainer, { epochs: 3, callbacks: [new ModelCheckpoint(store)] });
      const latest = (await store.latest())!;
      expect((await store.list()).map((entry) => entry.name)).toEqual([
        "checkpoint-000002",
        "checkpoint-000003",
      ]);
      const second = setUp(device);
      await second.trainer.resume(await store.load(latest.name));
      expect(await bits(second.model)).toEqual(await bits(first.model));
      await first.dispose();
      await second.dispose();
      await (await navigator.storage.getDirectory()).removeEntry(encodeURIComponent(name), {
        recursive: true,
      });
    }));
});

describe("custom callbacks", () => {
  test("are called in order and awaited; stop ends the run after the batch or the epoch", () =>
    withDevice(async (device) => {
      const { trainer, model, optimizer, dispose } = setUp(device, { accumulate: 2 });
      const events: string[] = [];
      const spy = (name: string): Callback => ({
        onFitStart: (run) => {
          expect([run.model, run.optimizer, run.epochs, run.batches]).toEqual([model, optimizer, 2, 3]);
          expect(run.monitors).toEqual(["loss", "validationLoss"]);
          expect(run.resumed).toBe(false);
          events.push(`${name} start`);
        },
        onBatchEnd: ({ epoch, batch }, updated) =>
          events.push(`${name} batch ${epoch}.${batch}${updated ? " updated" : ""}`),
        onEpochEnd: async ({ epoch, history }, report) => {
          await new Promise((resolve) => setTimeout(resolve));
          expect([epoch, history.reports.at(-1)]).toEqual([report.epoch, report]);
          events.push(`${name} epoch ${report.epoch}`);
        },
        onSettled: (_, report) => {
          if (report) events.push(`${name} settled ${report.epoch}`);
        },
        onFitEnd: () => events.push(`${name} end`),
      });
      const batches = (epoch: number) =>
        [`batch ${epoch}.1`, `batch ${epoch}.2 updated`, `batch ${epoch}.3 updated`].flatMap((event) => [
          `a ${event}`,
          `b ${event}`,
        ]);
      const epoch = (n: number) => [
        ...batches(n),
        ...[`a epoch ${n}`, `b epoch ${n}`, `a settled ${n}`, `b settled ${n}`],
      ];
      const reports = await fit(trainer, { epochs: 2, validation, callbacks: [spy("a"), spy("b")] });
      expect(events).toEqual(["a start", "b start", ...epoch(1), ...epoch(2), "a end", "b end"]);
      expect(reports.map(({ steps }) => steps)).toEqual([2, 2]);

      const stops = (when: (epoch: number, batch?: number) => boolean): Callback => ({
        onBatchEnd: (run) => void (when(run.epoch, run.batch) && run.stop()),
        onEpochEnd: (run) => void (when(run.epoch) && run.stop()),
      });
      const afterEpoch = stops((epoch, batch) => epoch === 2 && batch === undefined);
      expect((await fit(trainer, { epochs: 9, callbacks: [afterEpoch] })).length).toBe(2);
      const { steps } = optimizer;
      const inEpoch = stops((epoch, batch) => epoch === 2 && batch === 2);
      expect((await fit(trainer, { epochs: 9, callbacks: [inEpoch] })).length).toBe(1);
      expect(optimizer.steps - steps).toBe(3);
      await dispose();
    }));

  test("that throw end the run with their error, and the trainer can fit again", () =>
    withDevice(async (device) => {
      const { trainer, dispose } = setUp(device);
      for (const name of ["onFitStart", "onBatchEnd", "onEpochEnd", "onSettled", "onFitEnd"] as const) {
        const error = new Error(name);
        const callback: Callback = {
          [name]: () => {
            throw error;
          },
        };
        await expect(fit(trainer, { epochs: 1, callbacks: [callback] })).rejects.toBe(error);
      }
      expect((await fit(trainer, { epochs: 1 })).length).toBe(1);
      await dispose();
    }));
});

test("accumulating in fit equals one large batch, also for the last group and summed losses", () =>
  withDevice(async (device) => {
    for (const reduction of ["mean", "sum"] as const) {
      const train = async (accumulate: number, batchSize: number) => {
        const { trainer, model, dispose } = setUp(device, {
          accumulate,
          loss: new nn.MSELoss({ reduction }),
          clipGradNorm: 0.05,
        });
        const batches = new data.DataLoader(waves(10), { batchSize });
        for await (const { steps } of trainer.fit(batches, { epochs: 3 })) expect(steps).toBe(2);
        const state = await model.stateDict();
        await dispose();
        return [...state.values()].flatMap(({ data }) => [...data]);
      };
      // Groups of 6 and 4 samples in both cases.
      const [parts, whole] = [await train(3, 2), await train(1, 6)];
      for (const [i, value] of parts.entries()) expect(Math.abs(value - whole[i]!)).toBeLessThan(1e-6);
    }
  }));

describe("refused", () => {
  test("are wrong options of callbacks and of fit", () =>
    withDevice(async (device) => {
      const { trainer, optimizer, dispose } = setUp(device);
      const { store } = memoryStore();
      const { StepLR, ReduceLROnPlateau } = optim.lrScheduler;
      const refuse = (make: () => unknown, ...parts: string[]) => expectRefusal(make, OptionError, ...parts);
      await refuse(() => new EarlyStopping({ patience: -1 }), "EarlyStopping: patience", "got -1");
      await refuse(() => new EarlyStopping(wrong({ patient: 1 })), 'unknown option "patient"');
      await refuse(() => new EarlyStopping(wrong({ mode: "best" })), 'mode must be "min" or "max"');
      await refuse(() => new EarlyStopping({ minDelta: Number.NaN }), "minDelta");
      await refuse(() => new EarlyStopping(wrong({ monitor: 3 })), "monitor", "got 3");
      await refuse(() => new LearningRateSchedule(wrong(optimizer)), "expected a scheduler");
      const schedule = new StepLR(optimizer, 1);
      await refuse(() => new LearningRateSchedule(schedule, { every: wrong("batch") }), 'got "batch"');
      await refuse(
        () => new LearningRateSchedule(new ReduceLROnPlateau(optimizer), { every: "update" }),
        "goes by a metric",
      );
      await refuse(
        () => new ModelCheckpoint(wrong("folder")),
        "ModelCheckpoint: expected a store",
        '"folder"',
      );
      await refuse(() => new ModelCheckpoint(store, { keep: 0 }), "keep", "got 0");
      await refuse(() => new ModelCheckpoint(store, { onlyBest: true, everyBatches: 3 }), "onlyBest");
      await refuse(() => setUp(device, { accumulate: 0.5 }), "Trainer: accumulate", "got 0.5");

      const once = (options: object) => () => fit(trainer, wrong({ epochs: 1, ...options }));
      await refuse(once({ callbacks: new EarlyStopping() }), "Trainer.fit: callbacks must be a list");
      await refuse(once({ callbacks: [{}] }), "callbacks[0] must be an object with functions");
      await refuse(once({ callbacks: [{ onEpochEnd: 3 }] }), "callbacks[0]");
      await refuse(once({ callbacks: [{ state: () => null }] }), "needs a name and setState");
      await refuse(once({ validateEvery: 0 }), "Trainer.fit: validateEvery", "got 0");
      await refuse(
        once({ callbacks: [new EarlyStopping({ monitor: "validationLoss" })] }),
        "EarlyStopping: monitor must be one of what this run reports, loss",
        "give fit validation",
      );
      await refuse(
        once({ validation, callbacks: [new EarlyStopping({ monitor: "mae" })] }),
        "loss, validationLoss",
      );
      expect(optimizer.steps).toBe(0);
      await dispose();
    }));
});
