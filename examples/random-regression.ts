/**
 * Two LSTM layers memorize random targets. It shows the primitive under everything, `device.compile`, and a falling
 * loss. With the same seed, PyTorch prints the same losses for the same program.
 */
import { type Device, manualSeed, nn, optim, randn, type Tensor } from "webgpu-lstm";
import { runInTerminal } from "../tasks/terminal/program.ts";

const EPOCHS = 100;

class LSTMModel extends nn.Module {
  readonly lstm = new nn.LSTM(10, 20, { numLayers: 2, batchFirst: true });
  readonly fc = new nn.Linear(20, 1);

  forward(x: Tensor): Tensor {
    const { output } = this.lstm.forward(x);
    return this.fc.forward(output.select(1, -1));
  }
}

/** Trains, prints every tenth epoch's loss, and returns all of them. */
export async function main(device: Device, print: (line: string) => void): Promise<number[]> {
  manualSeed(0);
  const x = randn([100, 10, 10]); // 100 sequences of 10 steps with 10 features
  const y = randn([100, 1]);
  const model = new LSTMModel();
  const criterion = new nn.MSELoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });

  const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
    inputs: { x, y },
    optimizer,
  });
  const results = Array.from({ length: EPOCHS }, () => step.run({ x, y })); // nothing waits for the GPU here
  const losses: number[] = [];
  for (const { loss } of results) {
    losses.push(await loss.item());
    const epoch = losses.length;
    if (epoch % 10 === 0) print(`Epoch [${epoch}/${EPOCHS}], Loss: ${losses.at(-1)!.toFixed(4)}`);
  }
  step.dispose();
  model.dispose();
  return losses;
}

await runInTerminal(import.meta.url, main);
