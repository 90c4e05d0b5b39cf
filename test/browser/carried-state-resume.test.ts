/** A run that carries a state and is resumed from a checkpoint: the same bits, and no checkpoint of another kind of trainer. */
import { describe, expect, test } from "vitest";
import {
  type Callback,
  DataError,
  data,
  EarlyStopping,
  loadCheckpoint,
  ModelCheckpoint,
  manualSeed,
  nn,
  OptionError,
  openCheckpointStore,
  optim,
  saveCheckpoint,
  Trainer,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import {
  dispose,
  LENGTH,
  loss,
  type Parts,
  type Setting,
  Speller,
  setUp,
  text,
  timeless,
} from "./carrying-case.ts";
import { withDevice } from "./gpu.ts";
import { bits, Tiny } from "./tiny.ts";

describe("a resumed run that carries a state equals an uninterrupted one, bit for bit", () => {
  const EPOCHS = 4;

  /** Continues training until a batch of an epoch is done. */
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

  test("continues a shuffled loader mid-pass, from a checkpoint taken while batches run", () =>
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

test("refuses a checkpoint of another kind of trainer, and an unsuitable state", () =>
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

test("a checkpoint with best weights and a carried state loads into a model of one's own", () =>
  withDevice(async (device) => {
    const parts = setUp(device);
    const store = await openCheckpointStore({ name: "carried-state" });
    try {
      const callbacks = [
        new ModelCheckpoint(store, { onlyBest: true, monitor: "loss" }),
        new EarlyStopping({ monitor: "loss", patience: 9, restoreBest: true }),
      ];
      await parts.trainer.fit(parts.loader, { epochs: 2, callbacks });
      const last = await parts.trainer.checkpoint();
      const best = await store.load((await store.latest())!.name);
      const own = new Speller();
      const optimizer = new optim.Adam(own.parameters());
      for (const bytes of [best, last]) {
        const { trainer } = await loadCheckpoint(bytes, { model: own, optimizer });
        const names = [...trainer!.keys()];
        expect(names).toContain("trainer/callbacks/1/lstm.weight_hh_l0");
        expect(names).toContain("trainer/carried/state.lstm.h");
        // Saving a trainer's file again loses nothing.
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
