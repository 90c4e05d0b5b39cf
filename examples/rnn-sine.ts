/**
 * A first RNN: it reads 10 values of a sine wave and learns to predict the next one. The same program follows with a GRU and with a
 * bidirectional LSTM instead of the RNN. The whole data set is one batch. With the same seed, PyTorch prints the same losses for the
 * same programs.
 */
import { type Device, data, manualSeed, nn, optim, type Tensor, Trainer } from "webgpu-lstm";
import { runInTerminal } from "../tasks/terminal/program.ts";

const EPOCHS = 100;

class RNNModel extends nn.Module {
  readonly rnn: nn.RNN;
  readonly fc: nn.Linear;

  constructor(inputSize: number, hiddenSize: number, outputSize: number) {
    super();
    this.rnn = new nn.RNN(inputSize, hiddenSize, { batchFirst: true });
    this.fc = new nn.Linear(hiddenSize, outputSize);
  }

  forward(x: Tensor): Tensor {
    const { output } = this.rnn.forward(x);
    return this.fc.forward(output.select(1, -1)); // the last time step
  }
}

class GRUModel extends nn.Module {
  readonly gru: nn.GRU;
  readonly fc: nn.Linear;

  constructor(inputSize: number, hiddenSize: number, outputSize: number) {
    super();
    this.gru = new nn.GRU(inputSize, hiddenSize, { batchFirst: true });
    this.fc = new nn.Linear(hiddenSize, outputSize);
  }

  forward(x: Tensor): Tensor {
    const { output } = this.gru.forward(x);
    return this.fc.forward(output.select(1, -1));
  }
}

class BidirectionalModel extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly fc: nn.Linear;

  constructor(inputSize: number, hiddenSize: number, outputSize: number) {
    super();
    this.lstm = new nn.LSTM(inputSize, hiddenSize, { batchFirst: true, bidirectional: true });
    this.fc = new nn.Linear(2 * hiddenSize, outputSize); // both directions
  }

  forward(x: Tensor): Tensor {
    const { output } = this.lstm.forward(x);
    return this.fc.forward(output.select(1, -1));
  }
}

const models = {
  rnn: () => new RNNModel(1, 16, 1),
  gru: () => new GRUModel(1, 16, 1),
  bidirectional: () => new BidirectionalModel(1, 16, 1),
};

export type ModelName = keyof typeof models;

/** Trains one of the models, prints every tenth epoch's loss, and returns all of them. */
export async function train(
  name: ModelName,
  device: Device,
  print: (line: string) => void,
): Promise<number[]> {
  manualSeed(0);
  const sine = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i * (100 / 199))); // sin(linspace(0, 100, 200))
  const windows = data.slidingWindows(sine, { length: 10 }); // x [190, 10, 1], y [190, 1]
  const loader = new data.DataLoader(windows, { batchSize: windows.length });

  const model = models[name]();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
  const losses: number[] = [];
  for await (const { epoch, loss } of trainer.fit(loader, { epochs: EPOCHS })) {
    losses.push(loss);
    if (epoch % 10 === 0) print(`Epoch [${epoch}/${EPOCHS}], Loss: ${loss.toFixed(4)}`);
  }
  await trainer.dispose();
  model.dispose();
  return losses;
}

/** Trains all three models. */
export async function main(device: Device, print: (line: string) => void): Promise<void> {
  for (const name of Object.keys(models) as ModelName[]) {
    print(`${name}:`);
    await train(name, device, print);
  }
}

await runInTerminal(import.meta.url, main);
