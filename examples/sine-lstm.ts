/**
 * A first LSTM: it reads 20 values of a sine wave and learns to predict the next one. The whole data set is one batch.
 * With the same seed, PyTorch prints the same losses for the same program.
 */
import { type Device, data, manualSeed, nn, optim, type Tensor, Trainer } from "webgpu-lstm";
import { runInTerminal } from "../tasks/terminal/program.ts";

const EPOCHS = 100;

class LSTMModel extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly fc: nn.Linear;

  constructor(inputSize: number, hiddenSize: number, outputSize: number) {
    super();
    this.lstm = new nn.LSTM(inputSize, hiddenSize, { batchFirst: true });
    this.fc = new nn.Linear(hiddenSize, outputSize);
  }

  forward(x: Tensor): Tensor {
    const { output } = this.lstm.forward(x);
    return this.fc.forward(output.select(1, -1)); // the last time step
  }
}

/** Trains, prints every tenth epoch's loss, and returns all of them. */
export async function main(device: Device, print: (line: string) => void): Promise<number[]> {
  manualSeed(0);
  const sine = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i * (100 / 999))); // sin(linspace(0, 100, 1000))
  const windows = data.slidingWindows(sine, { length: 20 }); // x [980, 20, 1], y [980, 1]
  const loader = new data.DataLoader(windows, { batchSize: windows.length });

  const model = new LSTMModel(1, 50, 1);
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

await runInTerminal(import.meta.url, main);
