/** Running statistics in a trainer: a resumed run gives the same bits, and a batch that is left out leaves no trace. */
import { expect, test } from "vitest";
import {
  type Device,
  DivergedError,
  loadCheckpoint,
  manualSeed,
  nn,
  optim,
  saveCheckpoint,
  type Tensor,
  Trainer,
  type TrainerOptions,
} from "webgpu-lstm";
import { BATCHES, type IsBad, Passes } from "./diverging-case.ts";
import { withDevice } from "./gpu.ts";

class Normal extends nn.Module {
  readonly first = new nn.Linear(3, 4);
  readonly norm = new nn.BatchNorm1d(4);
  readonly cumulative = new nn.BatchNorm1d(1, { momentum: null });
  readonly second = new nn.Linear(4, 1);

  forward(x: Tensor): Tensor {
    return this.cumulative.forward(this.second.forward(this.norm.forward(this.first.forward(x)).tanh()));
  }
}

function setUp(device: Device, options: Partial<TrainerOptions> = {}) {
  manualSeed(5);
  const model = new Normal();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer, ...options });
  return { model, optimizer, trainer };
}

type Parts = ReturnType<typeof setUp>;

const never: IsBad = () => false;

async function stateOf({ model, optimizer }: Parts) {
  return { model: await model.stateDict(), optimizer: await optimizer.stateDict() };
}

async function dispose(...all: Parts[]): Promise<void> {
  for (const { trainer, model } of all) {
    await trainer.dispose();
    model.dispose();
  }
}

test.each([1, 2, 4])(
  "a run that goes on from a checkpoint's bytes gives the same bits, %i batches to an update",
  (accumulate) =>
    withDevice(async (device) => {
      const whole = setUp(device, { accumulate });
      await whole.trainer.fit(new Passes(never), { epochs: 3 });
      const first = setUp(device, { accumulate });
      // Of two or four batches to an update the third is in the middle.
      await first.trainer.fit(new Passes(never), {
        epochs: 3,
        callbacks: [{ onBatchEnd: (run) => run.epoch === 2 && run.batch === 3 && run.stop() }],
      });
      const bytes = await first.trainer.checkpoint();
      const second = setUp(device, { accumulate });
      await second.trainer.resume(bytes);
      await second.trainer.fit(new Passes(never, false, 1), { epochs: 3 });
      expect(await stateOf(second)).toEqual(await stateOf(whole));
      const batches = (await second.model.stateDict()).get("norm.num_batches_tracked");
      expect(batches).toEqual({ data: Float32Array.of(3 * BATCHES), shape: [] });
      await dispose(whole, first, second);
    }),
);

test("a checkpoint of the model alone has the statistics, and evaluation uses and keeps them", () =>
  withDevice(async (device) => {
    const one = setUp(device);
    await one.trainer.fit(new Passes(never), { epochs: 1 });
    const [x, y] = [Float32Array.from({ length: 15 }, (_, i) => Math.sin(i)), new Float32Array(5)];
    const batches = () => [{ x: { data: x, shape: [5, 3] }, y: { data: y, shape: [5, 1] } }];
    const before = await stateOf(one);
    const { loss } = await one.trainer.evaluate(batches());
    expect(await stateOf(one)).toEqual(before);
    const two = setUp(device);
    await loadCheckpoint(await saveCheckpoint({ model: one.model }), { model: two.model });
    expect((await two.trainer.evaluate(batches())).loss).toBe(loss);
    const fresh = setUp(device);
    expect((await fresh.trainer.evaluate(batches())).loss).not.toBe(loss);
    await dispose(one, two, fresh);
  }));

test.each([1, 2])(
  "a batch that is skipped leaves no trace in the statistics, %i batches to an update",
  (accumulate) =>
    withDevice(async (device) => {
      // Of two batches to an update, the second is bad, so that the first counts in the statistics alone.
      const isBad: IsBad = (pass, batch) => pass === 1 && batch === 3;
      const skipping = setUp(device, { onNonFinite: "skip", accumulate });
      await skipping.trainer.fit(new Passes(isBad), { epochs: 1 });
      const { model } = await stateOf(skipping);
      expect(model.get("norm.num_batches_tracked")!.data[0]).toBe(BATCHES - 1);
      for (const { data } of model.values()) expect([...data].every(Number.isFinite)).toBe(true);
      if (accumulate === 1) {
        const sound = setUp(device, { onNonFinite: "skip" });
        await sound.trainer.fit(new Passes(isBad, true), { epochs: 1 });
        expect(await stateOf(skipping)).toEqual(await stateOf(sound));
        await dispose(sound);
      }
      await dispose(skipping);
    }),
);

test("a run that diverges ends with the statistics of the batches before", () =>
  withDevice(async (device) => {
    const diverging = setUp(device);
    await expect(
      diverging.trainer.fit(new Passes((pass, batch) => pass === 1 && batch === 4), { epochs: 1 }),
    ).rejects.toThrow(DivergedError);
    const sound = setUp(device);
    await sound.trainer.fit(new Passes(never), {
      epochs: 1,
      callbacks: [{ onBatchEnd: (run) => run.batch === 4 && run.stop() }],
    });
    expect(await stateOf(diverging)).toEqual(await stateOf(sound));
    await dispose(diverging, sound);
  }));
