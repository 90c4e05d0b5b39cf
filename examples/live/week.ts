// A week ahead: seven days from the fourteen before, beside last week's values
import { Device, data, manualSeed, metrics, nn, optim, type Tensor, Trainer } from "webgpu-lstm";
import { plot } from "./plot.ts";

class Week extends nn.Module {
  gru = new nn.GRU(1, 16, { batchFirst: true });
  fc = new nn.Linear(16, 7);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.gru.forward(x).output.select(1, -1)); // [N, 7]
  }
}

const demand = (day: number) =>
  100 + 0.1 * day + 20 * Math.sin((2 * Math.PI * day) / 7) + 9 * Math.sin(day / 5);
const days = Array.from({ length: 280 }, (_, day) => demand(day));
const { train, test } = data.chronologicalSplit(days, { test: 56, history: 14 });
const scaler = data.StandardScaler.fit(train); // of the training part alone
const windows = (part: typeof train) =>
  data.slidingWindows(scaler.transform(part), { length: 14, horizon: 7 }); // x [N, 14, 1], y [N, 7]
const heldOut = windows(test);

manualSeed(0);
const device = await Device.request();
const model = new Week();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
const trainer = new Trainer(device, model, {
  loss: new nn.MSELoss(),
  optimizer,
  metrics: [new metrics.MAE()],
});
await trainer.fit(new data.DataLoader(windows(train), { batchSize: 204 }), { epochs: 150 });
const report = await trainer.evaluate(new data.DataLoader(heldOut, { batchSize: 50 }));
const lastWeek = Array.from(heldOut.y.data, (y, k) => {
  const [n, ahead] = [Math.floor(k / 7), k % 7];
  return Math.abs(y - heldOut.x.data[n * 14 + 7 + ahead]!);
});
const std = scaler.std[0]!;
const mean = lastWeek.reduce((sum, error) => sum + error, 0) / lastWeek.length;
console.log(`mean absolute error of the GRU: ${(report.metrics!["mae"]! * std).toFixed(2)}`);
console.log(`of last week's values: ${(mean * std).toFixed(2)}`);
const predicted = await trainer.predict({ data: heldOut.x.data.slice(0, 14), shape: [1, 14, 1] });
plot("the first week of the test", { measured: heldOut.y.data.slice(0, 7), predicted: predicted.data });
device.dispose();
