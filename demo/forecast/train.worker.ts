/** The Forecast view's worker: the model, its training, and what it forecasts. */
import { data, EarlyStopping, manualSeed, nn, optim, Trainer } from "webgpu-lstm";
import { ForecastModel } from "../../tasks/series/model.ts";
import { rollOut } from "../../tasks/series/roll-out.ts";
import { WHOLE } from "../../tasks/series/settings.ts";
import { ForecastTask } from "../../tasks/series/task.ts";
import { serveRun } from "../training/serve-run.ts";
import { type ForecastConfig, SEED } from "./settings.ts";

serveRun<ForecastConfig>((device, { series, settings }) => {
  const { epochs, learningRate: lr } = settings;
  const task = new ForecastTask(series, settings);
  const train = task.dataset(task.train);
  const validation = task.dataset(task.validation);
  const batchSize = settings.batchSize === WHOLE ? train.length : settings.batchSize;

  manualSeed(SEED);
  const model = new ForecastModel(task.features, settings);
  const optimizer = new optim.Adam(model.parameters(), { lr, weightDecay: series.weightDecay });
  const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
  // Never stops a run early, but restores the weights of the best epoch at the end.
  const best = new EarlyStopping({ monitor: "validationLoss", patience: epochs, restoreBest: true });
  const heldOut = task.origins(task.test);
  return {
    trainer,
    loaders: {
      train: new data.DataLoader(train, { batchSize, shuffle: series.shuffle, seed: SEED }),
      validation: new data.DataLoader(validation, { batchSize }),
    },
    callbacks: { best },
    actions: {
      /** The forecast of every held-out window, `[windows, horizon]`, in the series' unit. */
      heldOut: async () => task.inUnits(await trainer.predict(task.inputs(heldOut)), heldOut),
      rollOut: (origin: number, steps: number) => rollOut(task, origin, steps, (x) => trainer.predict(x)),
      bestEpoch: () => best.bestEpoch,
      /** Applies from the next step on. */
      learningRate: (value: number) => {
        optimizer.lr = value;
      },
    },
  };
});
