/** Learning-rate schedules in fit: when they step, what they go by, and their state in checkpoints. */
import { describe, expect, test } from "vitest";
import { LearningRateSchedule, nn, OptionError, optim, type Scheduler } from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { fit, loader, Scripted, setUp, validation } from "./fit-case.ts";
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

describe("LearningRateSchedule", () => {
  test("steps after epochs or updates, and reports an epoch's own rate", () =>
    withDevice(async (device) => {
      const { StepLR, ReduceLROnPlateau } = optim.lrScheduler;
      const rates = async (make: (optimizer: optim.SGD) => LearningRateSchedule, options: object = {}) => {
        const { trainer, optimizer, dispose } = setUp(device, options);
        const reports = await fit(trainer, { epochs: 4, validation, callbacks: [make(optimizer)] });
        await dispose();
        expect([...trainer.history.column("learningRate")]).toEqual(reports.map((r) => r.learningRate));
        return [...reports.map(({ learningRate }) => learningRate), optimizer.lr];
      };
      const halves = (optimizer: optim.SGD, every: number) => new StepLR(optimizer, every, { gamma: 0.5 });
      expect(await rates((o) => new LearningRateSchedule(halves(o, 2)))).toEqual([
        0.1, 0.1, 0.05, 0.05, 0.025,
      ]);
      // 3 updates an epoch; 2 if two batches make one.
      const byUpdate = (o: optim.SGD) => new LearningRateSchedule(halves(o, 6), { every: "update" });
      expect(await rates(byUpdate)).toEqual([0.1, 0.05, 0.05, 0.025, 0.025]);
      expect(await rates(byUpdate, { accumulate: 2 })).toEqual([0.1, 0.1, 0.05, 0.05, 0.05]);
      const plateau = (o: optim.SGD) =>
        new LearningRateSchedule(new ReduceLROnPlateau(o, { patience: 0, factor: 0.5 }), {
          monitor: "scripted",
        });
      expect(await rates(plateau, { metrics: [new Scripted([5, 6, 4, 4])] })).toEqual([
        0.1, 0.1, 0.05, 0.05, 0.025,
      ]);
    }));
});

describe("the option schedule", () => {
  /** The learning rates that epochs of 3 updates ended with, and the one after the last. */
  const rates = (
    make: (optimizer: optim.SGD) => Scheduler | LearningRateSchedule,
    options: object = {},
    epochs = 4,
  ) => {
    let found: number[] = [];
    return withDevice(async (device) => {
      const { trainer, optimizer, dispose } = setUp(device, options);
      const reports = await fit(trainer, { epochs, validation, schedule: make(optimizer) });
      found = [...reports.map(({ learningRate }) => learningRate!), trainer.optimizer.lr];
      await dispose();
    }).then(() => found);
  };
  const near = (found: readonly number[], expected: readonly number[]) => {
    expect(found.length).toBe(expected.length);
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 12);
  };

  test("steps most schedulers after every epoch, without an argument, as PyTorch's loops do", async () => {
    expect(await rates((o) => new StepLR(o, 2, { gamma: 0.5 }))).toEqual([0.1, 0.1, 0.05, 0.05, 0.025]);
    // PyTorch 2: 0.1, 0.075, 0.025 and again, for T_0 = 3.
    const restarts = [0.1, 0.075, 0.025, 0.1, 0.075];
    near(await rates((o) => new CosineAnnealingWarmRestarts(o, 3)), restarts);
    near(await rates((o) => new LearningRateSchedule(new CosineAnnealingWarmRestarts(o, 3))), restarts);
    near(
      await rates((o) => new ChainedScheduler([new StepLR(o, 1, { gamma: 0.5 }), new ExponentialLR(o, 0.1)])),
      [0.1, 5e-3, 2.5e-4, 1.25e-5, 6.25e-7],
    );
  });

  test("steps OneCycleLR and CyclicLR after every update, and what is composed of them", async () => {
    const byHand = (make: (optimizer: optim.SGD) => { step(): void }, updates: readonly number[]) => {
      const optimizer = new optim.SGD([new nn.Parameter([1], new Float32Array(1))], { lr: 0.1 });
      const scheduler = make(optimizer);
      const found = [optimizer.lr];
      for (let i = 0; i < updates.at(-1)!; i++) {
        scheduler.step();
        found.push(optimizer.lr);
      }
      return updates.map((i) => found[i]!);
    };
    const oneCycle = (o: optim.SGD) => new OneCycleLR(o, 1, { totalSteps: 12, cycleMomentum: false });
    const cyclic = (o: optim.SGD) => new CyclicLR(o, 0.1, 1, { stepSizeUp: 4, cycleMomentum: false });
    const composed = (o: optim.SGD) => new SequentialLR(o, [new LinearLR(o), cyclic(o)], [4]);
    for (const make of [oneCycle, cyclic, composed]) {
      // An epoch's report has the learning rate after its 3 updates.
      expect(await rates(make)).toEqual(byHand(make, [3, 6, 9, 12, 12]));
    }
    expect(await rates(cyclic, { accumulate: 2 })).toEqual(byHand(cyclic, [2, 4, 6, 8, 8]));
    const slow = (o: optim.SGD) => new LearningRateSchedule(cyclic(o), { every: "epoch" });
    expect(await rates(slow)).toEqual(byHand(cyclic, [0, 1, 2, 3, 4]));
  });

  test("steps ReduceLROnPlateau by the validation loss, or the training loss without validation", () =>
    withDevice(async (device) => {
      for (const options of [{ validation }, { validation, validateEvery: 2 }, {}]) {
        const { trainer, optimizer, dispose } = setUp(device);
        const seen: number[] = [];
        const plateau = new ReduceLROnPlateau(optimizer, { patience: 0, threshold: 0.9 });
        const step = plateau.step.bind(plateau);
        plateau.step = (metric) => {
          seen.push(metric);
          step(metric);
        };
        const reports = await fit(trainer, { epochs: 4, schedule: plateau, ...options });
        const losses = reports.map(({ loss, validationLoss }) =>
          "validation" in options ? validationLoss : loss,
        );
        expect(seen).toEqual(losses.filter((loss) => loss !== undefined));
        expect(seen.length).toBe("validateEvery" in options ? 2 : 4);
        expect(optimizer.lr).toBeLessThan(0.1);
        await dispose();
      }
    }));

  test("takes an object of one's own: by default after every epoch, without a metric", () =>
    withDevice(async (device) => {
      const { trainer, dispose } = setUp(device, { metrics: [new Scripted([5, 6])] });
      const calls: unknown[][] = [];
      const own = (more: object = {}): Scheduler => ({
        // A parameter alone does not ask for a metric.
        step: (...given: unknown[]) => void calls.push(given),
        stateDict: () => ({}),
        loadStateDict: () => {},
        ...more,
      });
      await fit(trainer, { epochs: 2, schedule: own() });
      expect(calls.splice(0)).toEqual([[], []]);
      await fit(trainer, {
        epochs: 2,
        schedule: own({ step: (metric?: number) => void calls.push([metric]) }),
      });
      expect(calls.splice(0)).toEqual([[undefined], [undefined]]);
      await fit(trainer, { epochs: 1, schedule: own({ stepsEvery: "update" }) });
      expect(calls.splice(0)).toEqual([[], [], []]);
      const reports = await fit(trainer, { epochs: 1, schedule: own({ takesMetric: true }) });
      expect(calls.splice(0)).toEqual([[reports[0]!.loss]]);
      const monitored = new LearningRateSchedule(own(), { monitor: "scripted" });
      await fit(trainer, { epochs: 2, validation, schedule: monitored });
      expect(calls.splice(0)).toEqual([[5], [6]]);
      await dispose();
    }));

  test("keeps its state in checkpoints: a resumed run ends with the same bits", () =>
    withDevice(async (device) => {
      for (const make of [
        (o: optim.SGD) => new OneCycleLR(o, 0.5, { totalSteps: 12, cycleMomentum: false }),
        (o: optim.SGD) => new LinearLR(o, { startFactor: 0.1, totalIters: 3 }),
        (o: optim.SGD) => new ReduceLROnPlateau(o, { patience: 0, threshold: 0.9 }),
      ]) {
        const straight = setUp(device);
        const options = { epochs: 4, validation };
        await straight.trainer.fit(loader, { ...options, schedule: make(straight.optimizer) });
        const first = setUp(device);
        for await (const { epoch } of first.trainer.fit(loader, {
          ...options,
          schedule: make(first.optimizer),
        })) {
          if (epoch === 2) break;
        }
        const bytes = await first.trainer.checkpoint();
        const second = setUp(device);
        // Making the scheduler sets the first learning rate again; the run goes on with the checkpoint's.
        await second.trainer.resume(bytes);
        await second.trainer.fit(loader, { ...options, schedule: make(second.optimizer) });
        expect(await bits(second.model)).toEqual(await bits(straight.model));
        expect(second.optimizer.lr).toBe(straight.optimizer.lr);
        // As a callback it is the same schedule; without one the checkpoint is refused.
        await second.trainer.resume(bytes);
        const callbacks = [new LearningRateSchedule(make(second.optimizer))];
        await second.trainer.fit(loader, { ...options, callbacks });
        expect(await bits(second.model)).toEqual(await bits(straight.model));
        await second.trainer.resume(bytes);
        await expectRefusal(
          async () => await second.trainer.fit(loader, options),
          OptionError,
          "with the callbacks LearningRateSchedule, got none",
        );
        for (const { dispose } of [straight, first, second]) await dispose();
      }
    }));

  test("refuses what is no scheduler, and one of another optimizer", () =>
    withDevice(async (device) => {
      const { trainer, model, optimizer, dispose } = setUp(device);
      const refuse = (schedule: unknown, ...parts: string[]) =>
        expectRefusal(
          async () => await trainer.fit(loader, { epochs: 1, schedule: wrong(schedule) }),
          OptionError,
          ...parts,
        );
      await refuse(optimizer, "Trainer.fit: schedule: expected a scheduler", "StepLR");
      await refuse([new StepLR(optimizer, 1)], "Trainer.fit: schedule: expected a scheduler");
      await refuse("StepLR", "expected a scheduler", '"StepLR"');
      const other = new optim.SGD(model.parameters(), { lr: 0.1 });
      await refuse(new StepLR(other, 1), "another optimizer than the trainer's");
      await refuse(
        { step() {}, stateDict() {}, loadStateDict() {}, stepsEvery: "update", takesMetric: true },
        "goes by a metric",
      );
      expect(optimizer.steps).toBe(0);
      await dispose();
    }));
});
