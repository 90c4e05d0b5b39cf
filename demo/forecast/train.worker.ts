/** The Forecast view's worker: the model, its training, and what it forecasts. */
import { fitLinear } from "../../tasks/series/linear.ts";
import { rollOut } from "../../tasks/series/roll-out.ts";
import { ForecastTask } from "../../tasks/series/task.ts";
import { trainingOf } from "../../tasks/series/training.ts";
import { serveRun } from "../training/serve-run.ts";
import type { ForecastConfig } from "./settings.ts";

serveRun<ForecastConfig>((device, { series, settings }) => {
  const task = new ForecastTask(series, settings);
  const { trainer, loaders, optimizer, best } = trainingOf(device, task, settings);
  const heldOut = task.origins(task.test);
  return {
    trainer,
    loaders,
    callbacks: { best },
    actions: {
      /** The forecast of every held-out window, `[windows, horizon]`, in the series' unit. */
      heldOut: async () => task.inUnits(await trainer.predict(task.inputs(heldOut)), heldOut),
      rollOut: (origin: number, steps: number) => rollOut(task, origin, steps, (x) => trainer.predict(x)),
      bestEpoch: () => best.bestEpoch,
      /** The linear regression that a network of these settings is compared with. */
      linear: (config: ForecastConfig) => fitLinear(new ForecastTask(config.series, config.settings)),
      /** Applies from the next step on. */
      learningRate: (value: number) => {
        optimizer.lr = value;
      },
    },
  };
});
