/**
 * Trains a small model, saves a checkpoint, and continues: `node tools/run.mjs tools/write-checkpoint.ts FILE`. The data, the
 * output at the checkpoint and the losses after it are in the file's config, for `tools/check_checkpoint.py` to compare.
 */
import { writeFileSync } from "node:fs";
import { Device, manualSeed, type NDArray, nn, optim, randn, saveCheckpoint, type Tensor } from "webgpu-lstm";
import { openGpu } from "./node-device.ts";

const stepsBefore = 10;
const stepsAfter = 20;

/** The model of tools/goldens/interchange.py. */
class Model extends nn.Module {
  readonly lstm = new nn.LSTM(3, 7, { batchFirst: true });
  readonly fc = new nn.Linear(7, 2);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

const path = process.argv[2];
if (!path) {
  console.error("usage: node tools/run.mjs tools/write-checkpoint.ts FILE");
  process.exit(2);
}
manualSeed(801);
const device = await Device.request({ gpu: await openGpu() });
const model = new Model();
const criterion = new nn.MSELoss();
const optimizer = new optim.Adam(
  [
    { params: model.lstm.parameters(), weightDecay: 1e-3 },
    { params: model.fc.parameters(), lr: 0.02, betas: [0.8, 0.9] },
  ],
  { lr: 0.01, betas: [0.9, 0.99], amsgrad: true },
);
const x = randn([5, 9, 3]);
const target = randn([5, 2]);
const step = await device.compile(
  ({ x, target }) => {
    const output = model.forward(x);
    return { loss: criterion.forward(output, target), output };
  },
  { inputs: { x, target }, optimizer },
);

const asJson = ({ data, shape }: NDArray) => ({ data: [...data], shape });
const losses: number[] = [];
for (let i = 0; i < stepsBefore; i++) step.run({ x, target });
const state = { model: await model.stateDict(), optimizer: await optimizer.stateDict() };
let atCheckpoint: NDArray | undefined;
for (let i = 0; i < stepsAfter; i++) {
  const { loss, output } = step.run({ x, target });
  losses.push(await loss.item());
  atCheckpoint ??= await output.read();
}
const config = { x: asJson(x), target: asJson(target), output: asJson(atCheckpoint!), losses };
writeFileSync(path, await saveCheckpoint({ ...state, config }));
console.log(`${path}: step ${stepsBefore}, then losses ${losses[0]} to ${losses.at(-1)}`);
step.dispose();
model.dispose();
device.dispose();
