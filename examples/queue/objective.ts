/** The objective of the queue: Seattle's maximum temperature of tomorrow, by the validation loss after a few epochs. */
import { data, manualSeed, nn, optim, Trainer } from "webgpu-lstm";
import { pruners, pruning, samplers, type Trial } from "webgpu-lstm/search";
import type { TrialCheckpoint } from "webgpu-lstm/search/node";
import { Forecaster } from "../../tasks/seattle/model.ts";
import { forecastTask } from "../../tasks/seattle/task.ts";
import { seattleCsv } from "../../tasks/series/seattle-csv.ts";
import { parseWeather } from "../../tasks/series/weather.ts";
import { openDevice } from "../../tasks/terminal/program.ts";

// All workers take these.
export const sampler = new samplers.TPE({ constantLiar: true });
export const pruner = new pruners.SuccessiveHalving({ minResource: 4 });

const EPOCHS = 16;

// The process of this module stays for many trials: one device serves them all.
const device = await openDevice();
const weather = parseWeather(seattleCsv);

export default async function objective(trial: Trial, checkpoint: TrialCheckpoint): Promise<number> {
  const hidden = trial.suggestInt("hidden", 8, 64, { log: true });
  const window = trial.suggestInt("window", 5, 30);
  const lr = trial.suggestFloat("lr", 1e-3, 1e-1, { log: true });
  const batchSize = trial.suggestCategorical("batch", [32, 64, 128]);

  manualSeed(trial.number);
  const task = forecastTask(weather, { horizon: 1, window });
  const loader = new data.DataLoader(task.train, { batchSize, shuffle: true, seed: trial.number });
  const validation = new data.DataLoader(task.validation, { batchSize });
  const model = new Forecaster({ features: task.features, hidden, layers: 1, horizon: 1 });
  const optimizer = new optim.Adam(model.parameters(), { lr });
  const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
  try {
    // What another worker has left, if this is not the first attempt.
    const saved = await checkpoint.load();
    if (saved) await trainer.resume(saved);
    const run = trainer.fit(loader, {
      epochs: EPOCHS,
      validation,
      callbacks: [pruning(trial)],
      signal: trial.signal,
    });
    for await (const { epoch } of run) if (epoch % 2 === 0) await checkpoint.save(await trainer.checkpoint());
    return (await trainer.evaluate(validation)).loss;
  } finally {
    await trainer.dispose();
    model.dispose();
  }
}
