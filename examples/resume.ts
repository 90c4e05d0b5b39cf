/**
 * Training that survives a reload: a second call continues from the latest checkpoint, to the same weights. For a page: checkpoints
 * are kept in the browser's own storage.
 */
import {
  type Device,
  data,
  EarlyStopping,
  ModelCheckpoint,
  manualSeed,
  metrics,
  nn,
  openCheckpointStore,
  optim,
  type Tensor,
  Trainer,
} from "webgpu-lstm";

class Forecaster extends nn.Module {
  readonly lstm = new nn.LSTM(1, 16, { batchFirst: true });
  readonly dropout = new nn.Dropout(0.1);
  readonly fc = new nn.Linear(16, 1);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.dropout.forward(this.lstm.forward(x).output.select(1, -1)));
  }
}

/** Trains up to `epochs`, from the latest checkpoint if there is one, and returns the table of all epochs. */
export async function main(device: Device, print: (line: string) => void, epochs = 8): Promise<string> {
  manualSeed(0);
  const series = Float32Array.from({ length: 400 }, (_, t) => Math.sin(t / 8) * 20 + 10);
  const parts = data.chronologicalSplit(series, { test: 80, history: 16 });
  const scaler = data.StandardScaler.fit(parts.train);
  const windows = (part: data.SeriesPart) => data.slidingWindows(scaler.transform(part), { length: 16 });
  const loader = new data.DataLoader(windows(parts.train), { batchSize: 32, shuffle: true, seed: 0 });
  const validation = new data.DataLoader(windows(parts.test), { batchSize: 80 });

  const model = new Forecaster();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const trainer = new Trainer(device, model, {
    loss: new nn.MSELoss(),
    optimizer,
    metrics: [new metrics.MAE()],
    config: { scaler }, // kept in every checkpoint
  });

  const store = await openCheckpointStore({ name: "example" });
  const last = await store.latest();
  if (last) await trainer.resume(await store.load(last.name));

  const schedule = new optim.lrScheduler.StepLR(optimizer, 4, { gamma: 0.5 });
  const callbacks = [
    new EarlyStopping({ monitor: "mae", patience: 5, restoreBest: true }),
    new ModelCheckpoint(store, { everyEpochs: 2 }),
  ];
  const run = trainer.fit(loader, { epochs, validation, schedule, callbacks });
  for await (const { epoch, loss, metrics } of run) {
    print(`epoch ${epoch}: loss ${loss.toFixed(4)}, validation MAE ${metrics!["mae"]!.toFixed(4)}`);
  }
  await trainer.dispose();
  model.dispose();
  store.close();
  return trainer.history.toCSV();
}
