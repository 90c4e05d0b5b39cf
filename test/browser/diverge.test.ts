/** A run that diverges says where and why, and keeps the last finite state. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Callback,
  type CheckpointStore,
  DivergedError,
  EarlyStopping,
  loadCheckpoint,
  ModelCheckpoint,
  manualSeed,
  nn,
  OptionError,
  optim,
  type StoredCheckpoint,
  type Tensor,
  Trainer,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import {
  BATCHES,
  dispose,
  type IsBad,
  type MakeOptimizer,
  type Parts,
  Passes,
  setUp,
  stateOf,
} from "./diverging-case.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

const never: IsBad = () => false;

/** What `fit` throws. */
async function failure({ trainer }: Parts, isBad: IsBad, callbacks: readonly Callback[] = [], epochs = 3) {
  const thrown = await trainer.fit(new Passes(isBad), { epochs, callbacks }).then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(DivergedError);
  return thrown as DivergedError;
}

/** Trains on finite batches until this many of an epoch have been run, and leaves the run there. */
async function trainUntil({ trainer }: Parts, epoch: number, batches: number): Promise<void> {
  if (epoch === 1 && batches === 0) return;
  const [last, batch] = batches > 0 ? [epoch, batches] : [epoch - 1, BATCHES];
  await trainer.fit(new Passes(never), {
    epochs: last,
    callbacks: [{ onBatchEnd: (run) => run.epoch === last && run.batch === batch && run.stop() }],
  });
}

const optimizers: Record<string, MakeOptimizer> = {
  adam: (list) => new optim.Adam(list, { lr: 0.01, amsgrad: true }),
  adamw: (list) => new optim.AdamW(list, { lr: 0.01 }),
  nadam: (list) => new optim.NAdam(list, { lr: 0.01 }),
  radam: (list) => new optim.RAdam(list, { lr: 0.01 }),
  sgd: (list) => new optim.SGD(list, { lr: 0.01, momentum: 0.9, dampening: 0.5 }),
  rmsprop: (list) => new optim.RMSprop(list, { lr: 0.01, centered: true, momentum: 0.5 }),
  adagrad: (list) => new optim.Adagrad(list, { lr: 0.01, lrDecay: 0.1 }),
  adadelta: (list) => new optim.Adadelta(list),
  adamax: (list) => new optim.Adamax(list),
  asgd: (list) => new optim.ASGD(list, { t0: 2 }),
  rprop: (list) => new optim.Rprop(list),
};

describe("onNonFinite: throw", () => {
  for (const [name, make] of Object.entries(optimizers)) {
    test(`keeps model and optimizer as before the batch: ${name}`, () =>
      frame.run(async (device) => {
        const diverging = setUp(device, {}, make);
        const error = await failure(diverging, (pass, batch) => pass === 2 && batch === 3);
        expect(error).toMatchObject({ epoch: 2, batch: 4, tensor: "gradient of first.weight" });
        const sound = setUp(device, {}, make);
        await trainUntil(sound, 2, 3);
        expect(await stateOf(diverging)).toEqual(await stateOf(sound));
        await dispose(diverging);
        await dispose(sound);
      }));
  }

  test.each([
    ["at the first batch", 1, 1, {}],
    ["at the last batch of an epoch", 1, BATCHES, {}],
    ["at the first batch of an epoch", 3, 1, {}],
    ["with clipping", 2, 2, { clipGradNorm: 0.5 }],
    ["in the middle of an accumulated update", 2, 5, { accumulate: 3 }],
    ["at the end of an accumulated update, with clipping", 1, 6, { accumulate: 3, clipGradNorm: 0.5 }],
    ["in an epoch's last, shorter update", 2, 7, { accumulate: 3 }],
  ])("says where, and keeps the state: %s", (_, epoch, batch, options) =>
    frame.run(async (device) => {
      const diverging = setUp(device, options);
      const error = await failure(diverging, (pass, index) => pass === epoch && index === batch - 1);
      expect(error).toMatchObject({ epoch, batch });
      expect(error.loss).toBe(Number.POSITIVE_INFINITY);
      expect(error.message).toContain(`Trainer.fit: the loss is Infinity in epoch ${epoch}, batch ${batch}`);
      expect(error.message).toContain("learning rate");
      const { accumulate = 1 } = options as { accumulate?: number };
      const sound = setUp(device, options);
      await trainUntil(sound, epoch, batch - 1 - ((batch - 1) % accumulate));
      expect(await stateOf(diverging)).toEqual(await stateOf(sound));
      await dispose(diverging);
      await dispose(sound);
    }),
  );

  test("names a parameter that an update has made infinite", () =>
    frame.run(async (device) => {
      const parts = setUp(device, {}, (list) => new optim.SGD(list, { lr: 3e38 }));
      parts.optimizer.lr = 3e38;
      const error = await failure(parts, never);
      expect(error).toMatchObject({ epoch: 1 });
      expect(error.batch).toBeGreaterThan(1);
      expect(error.tensor).toMatch(/^(parameter|gradient of) (first|second)\./);
      await dispose(parts);
    }));

  test("names the loss alone where the gradients are finite", () =>
    frame.run(async (device) => {
      const steep = new nn.MSELoss();
      const parts = setUp(device, {
        // The square overflows, and the gradient is a number.
        loss: { forward: (output, y) => steep.forward(output, y.mul(1e25)) },
      });
      const error = await failure(parts, never);
      expect(error).toMatchObject({ epoch: 1, batch: 1, loss: Number.POSITIVE_INFINITY, tensor: null });
      expect(error.message).toContain("as before this batch");
      await dispose(parts);
    }));

  test("finds the overflow of the very last update", () =>
    frame.run(async (device) => {
      const mse = new nn.MSELoss();
      const sgd = setUp(
        device,
        { loss: { forward: (output, y) => mse.forward(output.mul(1e3), y.mul(1e3)) } },
        (list) => new optim.SGD(list, { lr: 1e-9 }),
      );
      const last: Callback = {
        onBatchEnd: ({ epoch, batch }) => {
          if (epoch === 2 && batch === BATCHES - 1) sgd.optimizer.lr = 3e38;
        },
      };
      const error = await failure(sgd, never, [last], 2);
      expect(error).toMatchObject({ epoch: 2, batch: BATCHES, tensor: "parameter first.weight" });
      await expectRefusal(
        () => sgd.trainer.checkpoint(),
        DivergedError,
        "Trainer.checkpoint",
        "parameter first.weight",
      );
      await dispose(sgd);
    }));

  test("trains on after it, from the kept state", () =>
    frame.run(async (device) => {
      const parts = setUp(device);
      await failure(parts, (pass, batch) => pass === 1 && batch === 4);
      await expectRefusal(() => parts.trainer.checkpoint(), DivergedError, "epoch 1, batch 5");
      const sound = setUp(device);
      await trainUntil(sound, 1, 4);
      for (const { trainer } of [parts, sound]) await trainer.fit(new Passes(never), { epochs: 2 });
      expect(await stateOf(parts)).toEqual(await stateOf(sound));
      expect(loadCheckpoint(await parts.trainer.checkpoint()).model.size).toBe(4);
      await dispose(parts);
      await dispose(sound);
    }));

  test.each([
    ["", 0],
    [" while callbacks act", 50],
  ])("is seen at once where progress is read%s, and ends an iteration", (_, pause) =>
    frame.run(async (device) => {
      const parts = setUp(device);
      const seen: (number | undefined)[] = [];
      const epochs: number[] = [];
      const run = async () => {
        const onProgress = async ({ loss }: { loss: number | undefined }) => {
          seen.push(loss);
          await device.idle();
        };
        const fit = parts.trainer.fit(new Passes((pass, batch) => pass === 2 && batch === 1), {
          epochs: 9,
          onProgress,
          callbacks: [
            {
              async onSettled(run) {
                if (pause === 0) return;
                // Asks for it, so that it comes back.
                void run.loss;
                await device.idle();
                await new Promise((resolve) => setTimeout(resolve, pause));
              },
            },
          ],
        });
        for await (const { epoch } of fit) epochs.push(epoch);
      };
      await expectRefusal(run, DivergedError, "epoch 2, batch 2");
      expect(epochs).toEqual([1]);
      expect(seen.every((loss) => loss === undefined || Number.isFinite(loss))).toBe(true);
      await dispose(parts);
    }),
  );
});

/** A layer whose state a huge input makes infinite. */
class Carrying extends nn.Module {
  readonly rnn = new nn.RNN(3, 4, { batchFirst: true, nonlinearity: "relu" });
  readonly fc = new nn.Linear(4, 1);

  forward(x: Tensor, state?: Tensor) {
    const { output, state: after } = this.rnn.forward(x.unsqueeze(1), state);
    return { output: this.fc.forward(output.select(1, -1)), state: after };
  }
}

/** The carried state in a checkpoint. */
function loadCheckpointState(bytes: Uint8Array<ArrayBuffer>) {
  const { trainer } = loadCheckpoint(bytes);
  return { carried: [...trainer!].filter(([name]) => name.startsWith("trainer/carried/")) };
}

describe("onNonFinite: skip", () => {
  /** Bad batches by pass and number, from 1 and 0. */
  const bad = new Set(["1 0", "1 4", "2 2", "2 3", "3 6"]);
  const isBad: IsBad = (pass, batch) => bad.has(`${pass} ${batch}`);

  /** The state after three epochs, with the bad batches skipped or not there; and the reports. */
  async function train(parts: Parts, batches: Passes, callbacks: readonly Callback[] = []) {
    const { reports } = await parts.trainer.fit(batches, { epochs: 3, callbacks });
    const losses = reports.map(({ loss, steps }) => ({ loss, steps }));
    const state = await stateOf(parts);
    await dispose(parts);
    return { state, losses, skipped: reports.map(({ skipped }) => skipped) };
  }

  for (const [name, make] of Object.entries(optimizers)) {
    test(`equals a run without these batches, bit for bit: ${name}`, () =>
      frame.run(async (device) => {
        const skipping = await train(setUp(device, { onNonFinite: "skip" }, make), new Passes(isBad));
        const without = await train(setUp(device, {}, make), new Passes(isBad, true));
        expect(skipping.state).toEqual(without.state);
        expect(skipping.losses).toEqual(without.losses);
        expect(skipping.skipped).toEqual([2, 2, 1]);
      }));
  }

  test("with a setting changed before every update, and with clipping", () =>
    frame.run(async (device) => {
      const steeper = (parts: Parts): Callback => ({
        onBatchEnd: () => {
          parts.optimizer.lr *= 0.97;
        },
      });
      const states = [];
      for (const onNonFinite of ["skip", "throw"] as const) {
        const parts = setUp(device, { onNonFinite, clipGradNorm: 0.1 });
        states.push((await train(parts, new Passes(never), [steeper(parts)])).state);
      }
      expect(states[0]).toEqual(states[1]);
    }));

  test("leaves out a whole accumulated update", () =>
    frame.run(async (device) => {
      const options = { accumulate: 3 } as const;
      // Batches 3 to 5 make one update, and the last one by itself.
      const skipping = await train(
        setUp(device, { ...options, onNonFinite: "skip" }),
        new Passes((pass, batch) => pass === 2 && batch === 4),
      );
      const without = await train(
        setUp(device, options),
        new Passes((pass, batch) => pass === 2 && batch >= 3 && batch < 6, true),
      );
      expect(skipping.state).toEqual(without.state);
      expect(skipping.skipped).toEqual([0, 1, 0]);
    }));

  test("counts steps before a checkpoint, from which the run goes on bit for bit", () =>
    frame.run(async (device) => {
      const whole = await train(setUp(device, { onNonFinite: "skip" }), new Passes(isBad));
      const first = setUp(device, { onNonFinite: "skip" });
      let checkpoint: Promise<Uint8Array<ArrayBuffer>> | undefined;
      const save: Callback = {
        onSettled: ({ epoch, batch }) => {
          if (epoch === 2 && batch === 4) checkpoint = first.trainer.checkpoint();
        },
      };
      await first.trainer.fit(new Passes(isBad), { epochs: 3, callbacks: [save] });
      await dispose(first);
      const second = setUp(device, { onNonFinite: "skip" });
      await second.trainer.resume(await checkpoint!);
      expect(second.optimizer.steps).toBe(7);
      const rest = await train(second, new Passes(isBad, false, 1));
      expect(rest.state).toEqual(whole.state);
      expect(rest.skipped).toEqual(whole.skipped);
    }));

  test.each([1, 2])(
    "keeps the carried state from before the batch, with %i batches to an update",
    (accumulate) =>
      frame.run(async (device) => {
        const states = [];
        for (const without of [false, true]) {
          manualSeed(6);
          const model = new Carrying();
          const optimizer = new optim.Adam(model.parameters());
          const trainer = new Trainer(device, model, {
            ...{ loss: new nn.MSELoss(), optimizer, carryState: true, accumulate },
            onNonFinite: without ? "throw" : "skip",
          });
          // Whole updates, so that the run without them has the same groups.
          const isLeftOut: IsBad = (pass, batch) => pass === 2 && Math.floor(batch / accumulate) === 1;
          const isHuge: IsBad = (pass, batch) => pass === 2 && batch === accumulate;
          const batches = new Passes(without ? isLeftOut : isHuge, without);
          await trainer.fit(batches, { epochs: 3 });
          const { carried } = loadCheckpointState(await trainer.checkpoint());
          states.push({ model: await model.stateDict(), optimizer: await optimizer.stateDict(), carried });
          await trainer.dispose();
          model.dispose();
        }
        expect(states[0]).toEqual(states[1]);
      }),
  );

  test("ends a run of which no batch is left", () =>
    frame.run(async (device) => {
      const parts = setUp(device, { onNonFinite: "skip" });
      const error = await failure(parts, (pass) => pass === 2);
      expect(error).toMatchObject({ epoch: 2, tensor: null });
      expect(error.message).toContain("every batch of epoch 2");
      await dispose(parts);
    }));

  test("ends a run whose update has overflowed", () =>
    frame.run(async (device) => {
      const mse = new nn.MSELoss();
      const parts = setUp(
        device,
        { onNonFinite: "skip", loss: { forward: (output, y) => mse.forward(output.mul(1e3), y.mul(1e3)) } },
        (list) => new optim.SGD(list, { lr: 3e38 }),
      );
      const error = await failure(parts, never);
      expect(error).toMatchObject({ epoch: 1, tensor: "parameter first.weight" });
      await dispose(parts);
    }));
});

/** A store in memory. */
class MemoryStore {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  async save(name: string, bytes: Uint8Array<ArrayBuffer>) {
    this.files.set(name, bytes);
  }
  async list(): Promise<StoredCheckpoint[]> {
    return [...this.files.keys()].map((name) => ({ name }) as StoredCheckpoint);
  }
  async remove(name: string) {
    this.files.delete(name);
  }
}

describe("checkpoints stay finite", () => {
  const isSound = (bytes: Uint8Array<ArrayBuffer>) =>
    [...loadCheckpoint(bytes).model.values()].every(({ data }) => data.every(Number.isFinite));

  test.each([
    ["throw", "after each epoch", {}, ["checkpoint-000001"]],
    ["throw", "within epochs", { everyBatches: 2 }, ["checkpoint-000001", "checkpoint-000002-000002"]],
    ["ignore", "after each epoch", {}, ["checkpoint-000001"]],
  ] as const)("%s: %s", (onNonFinite, _, options, names) =>
    frame.run(async (device) => {
      const parts = setUp(device, { onNonFinite });
      const store = new MemoryStore();
      const callbacks = [new ModelCheckpoint(store as unknown as CheckpointStore, options)];
      const isBad: IsBad = (pass, batch) => pass === 2 && batch === 2;
      if (onNonFinite === "throw") await failure(parts, isBad, callbacks);
      else await parts.trainer.fit(new Passes(isBad), { epochs: 4, callbacks });
      expect([...store.files.keys()]).toEqual(names);
      for (const bytes of store.files.values()) expect(isSound(bytes)).toBe(true);
      await dispose(parts);
    }),
  );

  test("EarlyStopping keeps no weights that are not finite", () =>
    frame.run(async (device) => {
      const parts = setUp(device, { onNonFinite: "ignore" });
      const stopping = new EarlyStopping({ restoreBest: true });
      const isBad: IsBad = (pass, batch) => pass === 2 && batch === 2;
      await parts.trainer.fit(new Passes(isBad), { epochs: 3, callbacks: [stopping] });
      expect(stopping.bestEpoch).toBe(1);
      for (const { data } of (await parts.model.stateDict()).values())
        expect(data.every(Number.isFinite)).toBe(true);
      await dispose(parts);
    }));

  test("ignore: trains on, and the trainer's own checkpoint has what there is", () =>
    frame.run(async (device) => {
      const parts = setUp(device, { onNonFinite: "ignore" });
      const history = await parts.trainer.fit(new Passes((pass) => pass === 2), { epochs: 3 });
      expect(history.length).toBe(3);
      expect(Number.isFinite(history.column("loss")[0])).toBe(true);
      expect(history.column("loss")[2]).toBeNaN();
      expect(isSound(await parts.trainer.checkpoint())).toBe(false);
      await dispose(parts);
    }));
});

test("costs one dispatch, and nothing with ignore", () =>
  frame.run(async (device) => {
    const tables: string[] = [];
    for (const onNonFinite of ["ignore", "throw"] as const) {
      const parts = setUp(device, { onNonFinite });
      await parts.trainer.fit(new Passes(never), { epochs: 1 });
      tables.push(await parts.trainer.describe());
      await dispose(parts);
    }
    expect(tables[0]).not.toContain("finite_check");
    const count = (table: string) => Number(/total: (\d+) dispatches/.exec(table)![1]);
    expect(count(tables[1]!)).toBe(count(tables[0]!) + 1);
  }));

test("refuses another setting", () =>
  frame.run(async (device) => {
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters());
    await expectRefusal(
      () => new Trainer(device, model, { loss: new nn.MSELoss(), optimizer, onNonFinite: wrong("stop") }),
      OptionError,
      'Trainer: onNonFinite must be one of throw, skip, ignore, got "stop"',
    );
  }));
