/**
 * A forecast that is tested on unseen data: training on 720 windows of a wave, in shuffled batches, and testing on the
 * 80 windows after them. At the end, the trained model continues the wave, with each forecast as its next input.
 * With the same seed, PyTorch prints the same losses for the same program.
 */
import { type Device, data, manualSeed, nn, optim, type Tensor, Trainer } from "webgpu-lstm";
import { runInTerminal } from "../tasks/terminal/program.ts";

const EPOCHS = 20;
const WINDOW = 20;

class LSTMModel extends nn.Module {
  readonly lstm = new nn.LSTM(1, 50, { batchFirst: true });
  readonly fc = new nn.Linear(50, 1);

  forward(x: Tensor): Tensor {
    const { output } = this.lstm.forward(x);
    return this.fc.forward(output.select(1, -1));
  }
}

/** The results: mean squared errors of each epoch, and the model's continuation of the series. */
export interface ForecastResult {
  readonly trainLosses: readonly number[];
  readonly testLosses: readonly number[];
  readonly continuation: readonly number[];
}

/** The series: two sines at `t` = 0, 1, 2, … */
export function wave(t: number): number {
  const time = t * (82 / 819);
  return Math.sin(time) + 0.5 * Math.sin(0.31 * time);
}

export async function main(device: Device, print: (line: string) => void): Promise<ForecastResult> {
  manualSeed(0);
  const series = Float32Array.from({ length: 720 + 80 + WINDOW }, (_, t) => wave(t));
  // The last 80 steps are for testing only; their windows may look back into the training part.
  const parts = data.chronologicalSplit(series, { test: 80, history: WINDOW });
  const train = data.slidingWindows(parts.train, { length: WINDOW }); // x [720, 20, 1], y [720, 1]
  const test = data.slidingWindows(parts.test, { length: WINDOW }); //   x [80, 20, 1], y [80, 1]
  const loader = new data.DataLoader(train, { batchSize: 32, shuffle: true, seed: 0 });
  const testLoader = new data.DataLoader(test, { batchSize: 80 });

  const model = new LSTMModel();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
  const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
  const trainLosses: number[] = [];
  const testLosses: number[] = [];
  for await (const { epoch, loss, validationLoss } of trainer.fit(loader, {
    epochs: EPOCHS,
    validation: testLoader,
  })) {
    trainLosses.push(loss);
    testLosses.push(validationLoss!);
    print(
      `Epoch [${epoch}/${EPOCHS}], Train loss: ${loss.toFixed(4)}, Test loss: ${validationLoss!.toFixed(4)}`,
    );
  }

  const window = [...series.slice(-WINDOW)];
  const continuation: number[] = [];
  for (let step = 0; step < 10; step++) {
    const next = await trainer.predict({ data: Float32Array.from(window), shape: [1, WINDOW, 1] });
    continuation.push(next.data[0]!);
    window.push(next.data[0]!);
    window.shift();
  }
  print(`The next 10: ${continuation.map((value) => value.toFixed(2)).join(" ")}`);
  await trainer.dispose();
  model.dispose();
  return { trainLosses, testLosses, continuation };
}

await runInTerminal(import.meta.url, main);
