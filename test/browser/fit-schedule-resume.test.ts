/** Schedules of a run that is resumed in the middle of an epoch, between two updates. */
import { expect, test } from "vitest";
import { LearningRateSchedule, optim, type Scheduler } from "webgpu-lstm";
import { loader, setUp, validation } from "./fit-case.ts";
import { withDevice } from "./gpu.ts";
import { bits } from "./tiny.ts";

const {
  ChainedScheduler,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LinearLR,
  OneCycleLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
} = optim.lrScheduler;

const schedules: Readonly<Record<string, (o: optim.SGD) => Scheduler | LearningRateSchedule>> = {
  OneCycleLR: (o) => new OneCycleLR(o, 0.5, { totalSteps: 12, cycleMomentum: false }),
  "chained schedulers": (o) =>
    new ChainedScheduler([new LinearLR(o, { startFactor: 0.2, totalIters: 3 }), new ExponentialLR(o, 0.9)]),
  "schedulers in sequence": (o) =>
    new SequentialLR(
      o,
      [
        new LinearLR(o, { startFactor: 0.2 }),
        new CyclicLR(o, 0.05, 0.3, { stepSizeUp: 2, cycleMomentum: false }),
      ],
      [4],
    ),
  CosineAnnealingWarmRestarts: (o) =>
    new LearningRateSchedule(new CosineAnnealingWarmRestarts(o, 3), { every: "update" }),
  ReduceLROnPlateau: (o) => new ReduceLROnPlateau(o, { patience: 0, threshold: 0.9 }),
};

for (const [name, make] of Object.entries(schedules)) {
  test(`${name} with a second schedule goes on after a checkpoint between two updates, bit for bit`, () =>
    withDevice(async (device) => {
      const settings = { accumulate: 2 };
      const options = (optimizer: optim.SGD) => ({
        epochs: 4,
        validation,
        validateEvery: 2,
        schedule: make(optimizer),
        callbacks: [new LearningRateSchedule(new StepLR(optimizer, 2, { gamma: 0.5 }))],
      });
      const straight = setUp(device, settings);
      const whole = await straight.trainer.fit(loader, options(straight.optimizer));

      const first = setUp(device, settings);
      const stop = new AbortController();
      let bytes: Uint8Array<ArrayBuffer> | null = null;
      const onProgress = async ({ epoch, batch }: { epoch: number; batch: number }) => {
        if (epoch !== 2 || batch !== 1) return;
        bytes = await first.trainer.checkpoint();
        stop.abort();
      };
      const run = first.trainer.fit(loader, { ...options(first.optimizer), signal: stop.signal, onProgress });
      await expect(run.then()).rejects.toThrow("aborted");

      const second = setUp(device, settings);
      await second.trainer.resume(bytes!);
      const rest = await second.trainer.fit(loader, options(second.optimizer));
      expect(rest.column("learningRate")).toEqual(whole.column("learningRate"));
      expect(rest.column("loss")).toEqual(whole.column("loss"));
      expect(second.optimizer.lr).toBe(straight.optimizer.lr);
      expect(await bits(second.model)).toEqual(await bits(straight.model));
      for (const { dispose } of [straight, first, second]) await dispose();
    }));
}
