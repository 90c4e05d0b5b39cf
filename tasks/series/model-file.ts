/** A forecasting model as a safetensors file: the weights, and in the metadata's `config` all that it takes to use them. */
import { loadCheckpoint, saveCheckpoint } from "webgpu-lstm";
import { ForecastModel } from "./model.ts";
import type { Settings } from "./settings.ts";
import type { ForecastTask } from "./task.ts";

export function saveModel(
  model: ForecastModel,
  task: ForecastTask,
  settings: Settings,
): Promise<Uint8Array<ArrayBuffer>> {
  const { series, columns, changes } = task;
  return saveCheckpoint({
    model,
    config: {
      task: "forecast",
      series: series.title,
      ...settings,
      features: task.features,
      columns: columns.map((column) => ({ ...column })),
      ...(changes && { changes: { ...changes } }),
    },
  });
}

/** A model of these settings with a file's weights. */
export function readModel(bytes: Uint8Array, task: ForecastTask, settings: Settings): ForecastModel {
  const { model: weights } = loadCheckpoint(bytes);
  const model = new ForecastModel(task.features, settings);
  model.loadStateDict(weights);
  return model;
}
