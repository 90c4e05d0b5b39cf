import { Device, data, manualSeed, nn, optim, type Tensor, Trainer } from "webgpu-lstm";

class Forecaster extends nn.Module {
  lstm = new nn.LSTM(1, 50, { batchFirst: true });
  fc = new nn.Linear(50, 1);

  forward(x: Tensor): Tensor {
    const { output } = this.lstm.forward(x); // [N, T, 50]
    return this.fc.forward(output.select(1, -1)); // output[:, -1, :]
  }
}

manualSeed(0);
const wave = Array.from({ length: 1000 }, (_, i) => Math.sin(i / 10));
const windows = data.slidingWindows(wave, { length: 20 }); // x [980, 20, 1], y [980, 1]
const loader = new data.DataLoader(windows, { batchSize: 64, shuffle: true });

const device = await Device.request();
const model = new Forecaster();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
for await (const { epoch, loss } of trainer.fit(loader, { epochs: 10 })) console.log(epoch, loss);
