/** The Forecast view's worker: the model, its training, and what it forecasts. */
import { readModel } from "../../../tasks/series/model-file.ts";
import { ForecastTask } from "../../../tasks/series/task.ts";
import { trainingOf } from "../../../tasks/series/training.ts";
import { serveRun } from "../../training/serve-run.ts";
import type { Source } from "../forecasts/forecaster.ts";
import { type Edits, Forecasts } from "../forecasts/forecasts.ts";
import type { ForecastConfig } from "../settings.ts";

serveRun<ForecastConfig>((device, { series, settings }) => {
  const task = new ForecastTask(series, settings);
  const { model, trainer, loaders, optimizer, best } = trainingOf(device, task, settings);
  const trained = new Forecasts(device, model, task, settings);
  let shipped: Forecasts | undefined;
  const asked = (which: Source["model"]) => (which === "trained" ? trained : shipped!);
  return {
    trainer,
    loaders,
    callbacks: { best },
    actions: {
      /** Takes a model that was trained before, with settings of its own. */
      ship: async (config: ForecastConfig, file: Uint8Array) => {
        await shipped?.dispose();
        const task = new ForecastTask(config.series, config.settings);
        shipped = new Forecasts(device, readModel(file, task, config.settings), task, config.settings);
      },
      heldOut: (which: Source["model"]) => asked(which).heldOut(),
      rollOut: (which: Source["model"], origin: number, steps: number, edits: Edits) =>
        asked(which).rollOut(origin, steps, edits),
      save: (which: Source["model"]) => asked(which).save(),
      bestEpoch: () => best.bestEpoch,
      /** Applies from the next step on. */
      learningRate: (value: number) => {
        optimizer.lr = value;
      },
    },
  };
});
