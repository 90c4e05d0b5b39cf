/** One model and its data, built identically on the page and in a worker. */
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
  /** Whether the state carries over from batch to batch. */
  readonly carries?: boolean;
  readonly detectsAnomaly?: boolean;
  readonly fails?: "create" | "served" | "never";
  /** Channel on which the worker announces its end. */
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

/** The same, returning its state. */
class CarryingModel extends nn.Module {
  readonly model: Model;

  constructor(hidden: number) {
    super();
    this.model = new Model(hidden);
  }

  forward(x: Tensor, before?: { h: Tensor; c: Tensor }) {
    const { lstm, fc } = this.model;
    const { output, state } = lstm.forward(x, before);
    return { output: fc.forward(output.select(1, -1)), state };
  }
}

function trainerOf(device: Device, { seed, hidden, carries, detectsAnomaly = false }: TrainConfig): Trainer {
  manualSeed(seed);
  const options = (model: nn.Module) => {
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
    return { loss: new nn.MSELoss(), optimizer, detectAnomaly: detectsAnomaly };
  };
  if (carries) {
    const model = new CarryingModel(hidden);
    return new Trainer(device, model, { ...options(model), carryState: true });
  }
  const model = new Model(hidden);
  return new Trainer(device, model, options(model));
}

export function makeTrainer(device: Device, config: TrainConfig) {
  const { seed, samples, batchSize, x, y } = config;
  const trainer = trainerOf(device, config);
  const dataset = new data.TensorDataset(
    { data: x, shape: [samples, 6, 2] },
    { data: y, shape: [samples, 1] },
  );
  return { trainer, loaders: { train: new data.DataLoader(dataset, { batchSize, shuffle: true, seed }) } };
}
