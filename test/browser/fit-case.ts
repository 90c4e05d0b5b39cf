/** A tiny trainer and its data, for tests of what happens around training. */
import {
  type Device,
  data,
  type FitOptions,
  manualSeed,
  type metrics,
  nn,
  optim,
  Trainer,
  type TrainerOptions,
} from "webgpu-lstm";
import { Tiny } from "./tiny.ts";

/** `count` windows of a sine. */
export function waves(count: number): data.TensorDataset {
  const series = Array.from({ length: count + 5 }, (_, i) => Math.sin(i / 2));
  return data.slidingWindows(series, { length: 5 });
}

export const loader = new data.DataLoader(waves(10), { batchSize: 4 });
export const validation = new data.DataLoader(waves(6), { batchSize: 4 });

export function setUp(device: Device, options: Partial<TrainerOptions> = {}) {
  manualSeed(1);
  const model = new Tiny(1, 4);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer, ...options });
  const dispose = async () => {
    await trainer.dispose();
    model.dispose();
  };
  return { model, optimizer, trainer, dispose };
}

export async function fit(trainer: Trainer, options: FitOptions) {
  const reports = [];
  for await (const report of trainer.fit(loader, options)) reports.push(report);
  return reports;
}

/** Sets the reports' losses by a metric that counts evaluations. */
export class Scripted implements metrics.Metric {
  readonly name = "scripted";
  readonly mode = "min";
  #evaluations = 0;
  readonly #values: readonly number[];

  constructor(values: readonly number[]) {
    this.#values = values;
  }

  sums(prediction: Parameters<metrics.Metric["sums"]>[0]) {
    return { total: prediction.sum(), count: prediction.sum() };
  }

  value(): number {
    return this.#values[this.#evaluations++]!;
  }
}
