/**
 * Makes `example.safetensors`, the Inspect view's example: `node tools/run.mjs demo/inspect/examples/make-example.ts`.
 * A two-layer LSTM learns to predict the next value of sines of many periods; it is saved with its optimizer and config.
 */
import { writeFileSync } from "node:fs";
import { Generator, manualSeed, nn, optim, saveCheckpoint, type Tensor } from "webgpu-lstm";
import { openDevice } from "../../../tasks/terminal/program.ts";

const hiddenSize = 12;
const batch = 32;
const length = 48;
const epochs = 600;

class NextValue extends nn.Module {
  readonly lstm = new nn.LSTM(1, hiddenSize, { numLayers: 2, batchFirst: true });
  readonly fc = new nn.Linear(hiddenSize, 1);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output);
  }
}

manualSeed(7);
const draws = new Generator(7);
const device = await openDevice();
const model = new NextValue();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
const criterion = new nn.MSELoss();
const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
  inputs: { x: [batch, length, 1], y: [batch, length, 1] },
  optimizer,
});
let last = 0;
for (let epoch = 1; epoch <= epochs; epoch++) {
  const [x, y] = [new Float32Array(batch * length), new Float32Array(batch * length)];
  const periods = draws.uniform_(new Float32Array(batch), 12, 40);
  const phases = draws.uniform_(new Float32Array(batch), 0, 2 * Math.PI);
  for (let i = 0; i < x.length; i++) {
    const n = Math.floor(i / length);
    const at = (t: number) => Math.sin((2 * Math.PI * t) / periods[n]! + phases[n]!);
    x[i] = at(i % length);
    y[i] = at((i % length) + 1);
  }
  const { loss } = step.run({ x, y });
  if (epoch % 100 === 0) {
    last = await loss.item();
    console.log(epoch, last);
  }
}
const bytes = await saveCheckpoint({
  model,
  optimizer,
  config: {
    task: "the next value of a sine",
    inputSize: 1,
    hiddenSize,
    numLayers: 2,
    steps: epochs,
    loss: last,
  },
});
writeFileSync(new URL("./example.safetensors", import.meta.url), bytes);
console.log(`${bytes.length} bytes`);
step.dispose();
model.dispose();
device.dispose();
