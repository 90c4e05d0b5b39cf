// A first forecast: the next value of a wave
import { Device, data, manualSeed, nn, optim, type Tensor, Trainer } from "webgpu-lstm";
import { plot } from "./plot.ts";

class Forecaster extends nn.Module {
  lstm = new nn.LSTM(1, 16, { batchFirst: true });
  fc = new nn.Linear(16, 1);

  forward(x: Tensor): Tensor {
    const { output } = this.lstm.forward(x); // [N, 20, 16]
    return this.fc.forward(output.select(1, -1)); // the last time step
  }
}

manualSeed(0);
const wave = Array.from({ length: 220 }, (_, i) => Math.sin(i / 5));
const windows = data.slidingWindows(wave, { length: 20 }); // x [200, 20, 1], y [200, 1]
const loader = new data.DataLoader(windows, { batchSize: 200 });

const device = await Device.request();
const model = new Forecaster();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
const losses: number[] = [];
for await (const { epoch, loss } of trainer.fit(loader, { epochs: 60 })) {
  losses.push(loss);
  plot("loss", { loss: losses });
  if (epoch % 20 === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
}
const predicted = await trainer.predict({ data: windows.x.data.slice(0, 80 * 20), shape: [80, 20, 1] });
plot("the next value", { measured: windows.y.data.slice(0, 80), predicted: predicted.data });
device.dispose();
