// Resuming: five epochs, a checkpoint, and five more in a new trainer
import { Device, data, manualSeed, nn, optim, type Tensor, Trainer } from "webgpu-lstm";

class Forecaster extends nn.Module {
  lstm = new nn.LSTM(1, 8, { batchFirst: true });
  fc = new nn.Linear(8, 1);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

const wave = Array.from({ length: 110 }, (_, i) => Math.sin(i / 5));
const windows = data.slidingWindows(wave, { length: 10 }); // 100 windows
const newLoader = () => new data.DataLoader(windows, { batchSize: 25, shuffle: true, seed: 0 });
const device = await Device.request();

function newTrainer(seed: number): Trainer {
  manualSeed(seed);
  const model = new Forecaster();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  return new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
}

const first = newTrainer(0);
await first.fit(newLoader(), { epochs: 5 });
const bytes = await first.checkpoint(); // one safetensors file: keep it where you like

const second = newTrainer(1); // other weights, until it resumes
await second.resume(bytes);
for await (const { epoch, loss } of second.fit(newLoader(), { epochs: 10 })) {
  console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
}
device.dispose();
