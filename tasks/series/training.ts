/** How a forecasting model is trained: by Adam on the squared error; the validation part chooses the best epoch. */
import { type Device, data, EarlyStopping, manualSeed, nn, optim, Trainer } from "webgpu-lstm";
import { ForecastModel } from "./model.ts";
import { type Settings, WHOLE } from "./settings.ts";
import type { ForecastTask } from "./task.ts";

/** The seed of every run, so that the same settings give the same curve. */
export const SEED = 0;

/** A new model with its trainer and data. */
export function trainingOf(device: Device, task: ForecastTask, settings: Settings) {
  const { epochs, learningRate: lr } = settings;
  const { shuffle, weightDecay } = task.series;
  const train = task.dataset(task.train);
  const validation = task.dataset(task.validation);
  const batchSize = settings.batchSize === WHOLE ? train.length : settings.batchSize;
  manualSeed(SEED);
  const model = new ForecastModel(task.features, settings);
  const optimizer = new optim.Adam(model.parameters(), { lr, weightDecay });
  return {
    model,
    optimizer,
    trainer: new Trainer(device, model, { loss: new nn.MSELoss(), optimizer }),
    loaders: {
      train: new data.DataLoader(train, { batchSize, shuffle, seed: SEED }),
      validation: new data.DataLoader(validation, { batchSize }),
    },
    /** Never stops a run early, but restores the weights of the best epoch at the end. */
    best: new EarlyStopping({ monitor: "validationLoss", patience: epochs, restoreBest: true }),
  };
}
