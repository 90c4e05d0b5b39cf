/** Trains a forecaster, and keeps the weights with the best validation loss. */
import {
  type Callback,
  type Device,
  DivergedError,
  data,
  manualSeed,
  type NDArray,
  nn,
  optim,
  Trainer,
} from "webgpu-lstm";
import { Forecaster } from "./model.ts";
import type { ForecastTask } from "./task.ts";

/** Settings of {@link trainForecaster}. */
export interface TrainSettings {
  readonly hidden: number;
  readonly layers: number;
  /** Between layers, while training. Default 0. */
  readonly dropout?: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly seed: number;
}

/** The progress of training; losses are mean squared errors of scaled values. */
export interface TrainProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly batch: number;
  readonly batches: number;
  /** The last complete epoch; undefined during the first one. */
  readonly last:
    | { readonly loss: number; readonly validationLoss: number; readonly stepsPerSecond: number }
    | undefined;
}

/** The result of training, judged by the validation year alone. */
export interface FittedForecaster {
  /** PyTorch's state dict of the epoch with the smallest validation loss. */
  readonly weights: Map<string, NDArray>;
  readonly bestEpoch: number;
  readonly trainLoss: readonly number[];
  readonly validationLoss: readonly number[];
  readonly seconds: number;
}

/** The result of training, and what it makes of the held-out days. */
export interface TrainedForecaster extends FittedForecaster {
  /** The forecast of the held-out days with these weights, °C, `[windows, horizon]`. */
  readonly forecast: data.Float64NDArray;
}

/** How a caller follows and stops training. */
export interface TrainControls {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
  readonly callbacks?: readonly Callback[];
}

/**
 * Trains a {@link Forecaster} on the task. If `signal` stops it, the result has the best weights so far; it is
 * undefined if no epoch was complete.
 */
export async function trainForecaster(
  device: Device,
  task: ForecastTask,
  settings: TrainSettings,
  controls: TrainControls = {},
): Promise<TrainedForecaster | undefined> {
  const fitted = await fitForecaster(device, task, settings, controls);
  return fitted && { ...fitted, forecast: await forecastHeldOut(device, task, settings, fitted.weights) };
}

/** Trains like {@link trainForecaster}, without a look at the held-out days. */
export function fitForecaster(
  device: Device,
  task: ForecastTask,
  settings: TrainSettings,
  controls: TrainControls = {},
): Promise<FittedForecaster | undefined> {
  return withTrainer(device, task, settings, async (trainer) => {
    const start = performance.now();
    const { best, ...losses } = await keepBest(trainer, task, settings, controls);
    const seconds = (performance.now() - start) / 1000;
    return best && { weights: best.weights, bestEpoch: best.epoch, ...losses, seconds };
  });
}

/** What a forecaster with these weights makes of the held-out days, °C, `[windows, horizon]`. */
export function forecastHeldOut(
  device: Device,
  task: ForecastTask,
  settings: TrainSettings,
  weights: ReadonlyMap<string, NDArray>,
): Promise<data.Float64NDArray> {
  return withTrainer(device, task, settings, async (trainer) => {
    trainer.model.loadStateDict(weights);
    return task.celsius(await trainer.predict(task.test.x, { batchSize: settings.batchSize }));
  });
}

/** Calls `use` with the trainer of a new model. */
async function withTrainer<T>(
  device: Device,
  task: ForecastTask,
  { hidden, layers, dropout = 0, learningRate: lr, weightDecay, seed }: TrainSettings,
  use: (trainer: Trainer) => Promise<T>,
): Promise<T> {
  manualSeed(seed);
  const model = new Forecaster({ features: task.features, hidden, layers, horizon: task.horizon, dropout });
  const optimizer = new optim.Adam(model.parameters(), { lr, weightDecay });
  const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
  try {
    return await use(trainer);
  } finally {
    await trainer.dispose();
    model.dispose();
  }
}

/** Trains all epochs, or until `signal` is aborted, and returns the weights of the best one. */
async function keepBest(
  trainer: Trainer,
  task: ForecastTask,
  { epochs, batchSize, seed }: TrainSettings,
  { signal, onProgress, callbacks = [] }: TrainControls,
) {
  const loader = new data.DataLoader(task.train, { batchSize, shuffle: true, seed });
  const validation = new data.DataLoader(task.validation, { batchSize });
  const trainLoss: number[] = [];
  const validationLoss: number[] = [];
  let best: { epoch: number; loss: number; weights: Map<string, NDArray> } | undefined;
  let last: TrainProgress["last"];
  try {
    for await (const { epoch, loss, stepsPerSecond, ...report } of trainer.fit(loader, {
      epochs,
      validation,
      callbacks,
      ...(signal && { signal }),
      onProgress: (progress) => onProgress?.({ ...progress, batches: loader.length, last }),
    })) {
      const judged = report.validationLoss!;
      trainLoss.push(loss);
      validationLoss.push(judged);
      last = { loss, validationLoss: judged, stepsPerSecond };
      if (!best || judged < best.loss) {
        best = { epoch, loss: judged, weights: await trainer.model.stateDict() };
      }
    }
  } catch (error) {
    // What was learnt until then is the result.
    if (!signal?.aborted && !(best && error instanceof DivergedError)) throw error;
  }
  return { best, trainLoss, validationLoss };
}
