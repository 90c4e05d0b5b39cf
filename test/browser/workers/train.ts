/** One model and its data, made alike on the page and in a worker. */
import { type Device, data, manualSeed, nn, optim, type Tensor, Trainer } from "webgpu-lstm";

export interface TrainConfig {
  readonly seed: number;
  readonly samples: number;
  readonly hidden: number;
  readonly batchSize: number;
  /** [samples, 6, 2] */
  readonly x: Float32Array;
  /** [samples, 1] */
  readonly y: Float32Array;
  readonly fails?: "create" | "served" | "never";
  /** Where the worker tells of its end. */
  readonly channel?: string;
}

export function config(samples = 12, hidden = 5, batchSize = 4): TrainConfig {
  const x = Float32Array.from({ length: samples * 12 }, (_, i) => Math.sin(i));
  const y = Float32Array.from({ length: samples }, (_, i) => Math.cos(i));
  return { seed: 3, samples, hidden, batchSize, x, y };
}

class Model extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly fc: nn.Linear;

  constructor(hidden: number) {
    super();
    this.lstm = new nn.LSTM(2, hidden, { batchFirst: true });
    this.fc = new nn.Linear(hidden, 1);
  }

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

export function makeTrainer(device: Device, { seed, samples, hidden, batchSize, x, y }: TrainConfig) {
  manualSeed(seed);
  const model = new Model(hidden);
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
  const dataset = new data.TensorDataset(
    { data: x, shape: [samples, 6, 2] },
    { data: y, shape: [samples, 1] },
  );
  return { trainer, loaders: { train: new data.DataLoader(dataset, { batchSize, shuffle: true, seed }) } };
}
