/**
 * `npm run train`: trains on Seattle's daily weather in a terminal, prints its errors beside two baselines, and saves
 * a plot and the weights. Ctrl-C stops training and continues with the best weights so far.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { saveSafetensors } from "webgpu-lstm";
import { parseTrainOptions, type TrainOptions, USAGE } from "../tasks/seattle/options.ts";
import { plotForecast } from "../tasks/seattle/plot.ts";
import { resultTable } from "../tasks/seattle/table.ts";
import { type ForecastTask, forecastTask } from "../tasks/seattle/task.ts";
import { type TrainedForecaster, type TrainProgress, trainForecaster } from "../tasks/seattle/train.ts";
import { seattleCsv } from "../tasks/series/seattle-csv.ts";
import { FEATURES, parseWeather } from "../tasks/series/weather.ts";
import { openDevice, runWithArguments } from "../tasks/terminal/program.ts";
import { ProgressBar } from "../tasks/terminal/progress.ts";

async function main(args: readonly string[]): Promise<void> {
  const options = parseTrainOptions(args);
  if (!options) return console.log(USAGE);
  const task = forecastTask(parseWeather(seattleCsv), options);
  const model = `${options.layers} layer${options.layers > 1 ? "s" : ""} of ${options.hidden} units on ${options.window} days`;

  const device = await openDevice();
  try {
    console.log(device.describe());
    console.log(`LSTM: ${model}; ${task.train.length} windows, horizon ${options.horizon}`);
    const trained = await train(task, options, device);
    if (!trained) {
      console.error("stopped before the first epoch was complete; there is nothing to save");
      process.exitCode = 130;
      return;
    }
    const { bestEpoch, trainLoss, seconds } = trained;
    console.log(
      `${trainLoss.length} epochs in ${seconds.toFixed(1)} s; the weights are those of epoch ${bestEpoch}\n`,
    );
    console.log(resultTable(task, trained.forecast));
    for (const file of await save(task, options, trained, `LSTM: ${model}`)) console.log(`saved ${file}`);
  } finally {
    device.dispose();
  }
}

/** Trains with a progress bar, until done or until Ctrl-C. */
async function train(
  task: ForecastTask,
  options: TrainOptions,
  device: Awaited<ReturnType<typeof openDevice>>,
) {
  const bar = new ProgressBar();
  const stop = new AbortController();
  // Only once: a second Ctrl-C ends the program at once.
  const onInterrupt = () => stop.abort();
  process.once("SIGINT", onInterrupt);
  try {
    return await trainForecaster(device, task, options, {
      signal: stop.signal,
      onProgress: (progress) => bar.update(...shown(progress)),
    });
  } finally {
    process.off("SIGINT", onInterrupt);
    bar.end();
  }
}

function shown({ epoch, epochs, batch, batches, last }: TrainProgress): [number, string] {
  const share = (epoch - 1 + batch / batches) / epochs;
  const losses = last && `loss ${last.loss.toFixed(4)}, validation ${last.validationLoss.toFixed(4)}`;
  const speed = last && `${last.stepsPerSecond.toFixed(0)} steps/s`;
  return [share, [`epoch ${epoch}/${epochs}`, losses, speed].filter(Boolean).join("  ")];
}

/** Writes the plot and the weights. The metadata of the weights have the settings and the scaler. */
async function save(task: ForecastTask, options: TrainOptions, trained: TrainedForecaster, model: string) {
  const { out, ...config } = options;
  const name = join(out, `seattle-${options.horizon}-day`);
  const { weights, ...result } = trained;
  const bytes = saveSafetensors(weights, {
    format: "pt",
    config: JSON.stringify({ ...config, features: FEATURES }),
    scaler: JSON.stringify(task.scaler),
  });
  await mkdir(out, { recursive: true });
  await writeFile(`${name}.svg`, plotForecast({ task, ...result, model }));
  await writeFile(`${name}.safetensors`, bytes);
  return [`${name}.svg`, `${name}.safetensors`];
}

await runWithArguments(import.meta.url, main);
