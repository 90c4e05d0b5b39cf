/** The worker's half: the model and everything that touches the GPU. */
import { Device, data, manualSeed, nn, optim, type Tensor, Trainer } from "webgpu-lstm";
import { serve } from "webgpu-lstm/worker";
import type { Config } from "./page.ts";

class Forecaster extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly fc: nn.Linear;

  constructor(hidden: number) {
    super();
    this.lstm = new nn.LSTM(1, hidden, { batchFirst: true });
    this.fc = new nn.Linear(hidden, 1);
  }

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

serve<Config>({
  create: async ({ hidden, series }) => {
    const device = await Device.request();
    manualSeed(0);
    const model = new Forecaster(hidden);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
    const windows = data.slidingWindows(series, { length: 20 });
    return {
      trainer,
      loaders: { train: new data.DataLoader(windows, { batchSize: 64, shuffle: true }) },
      // Anything else that the page may call, by name.
      actions: { memory: () => device.memory.total },
    };
  },
});
