/** A worker for tests: the tiny model, or a failure that the config requests. */
import { DataError, Device, EarlyStopping, optim, ShapeError } from "webgpu-lstm";
import { serve, transfer } from "webgpu-lstm/worker";
import { makeTrainer, type TrainConfig } from "./train.ts";

serve({
  create: async (config: TrainConfig) => {
    if (config.fails === "create") throw new DataError("create: no data", { cause: new RangeError("empty") });
    if (config.fails === "served") return {} as never;
    if (config.fails === "never") await new Promise(() => {});
    const device = await Device.request();
    const { trainer, loaders } = makeTrainer(device, config);
    const log: string[] = [];
    return {
      trainer,
      loaders: {
        ...loaders,
        broken: {
          length: 2,
          *[Symbol.iterator]() {
            yield* [...loaders.train].slice(0, 1);
            throw new ShapeError("broken: the second batch");
          },
        },
      },
      // Made when it is asked for: a scheduler takes its first step when it is made.
      schedules: {
        get halves() {
          return new optim.lrScheduler.StepLR(trainer.optimizer, 1, { gamma: 0.5 });
        },
      },
      callbacks: {
        patience: new EarlyStopping({ monitor: "loss", patience: 0, minDelta: 1e9 }),
      },
      actions: {
        add: (a: number, b: number) => a + b,
        length: (array: Float32Array) => array.length,
        ones: (count: number) => {
          const ones = new Float32Array(count).fill(1);
          return transfer(ones, [ones.buffer]);
        },
        uncloneable: () => () => {},
        throwsText: () => {
          throw "just text";
        },
        aborts: () => {
          throw new DOMException("not now", "TimeoutError");
        },
        close: () => void setTimeout(() => (globalThis as unknown as { close(): void }).close()),
        log: () => log,
      },
      dispose: () => {
        log.push("disposed");
        new BroadcastChannel(config.channel ?? "none").postMessage(device.memory.byRole);
        trainer.model.dispose();
        device.dispose();
      },
    };
  },
});
