/** Tunes the forecaster: settings are chosen by the validation year alone. */
import type { Device } from "webgpu-lstm";
import { type FrozenTrial, type Params, type Study, type Trial, TrialPruned } from "webgpu-lstm/search";
import { DEFAULTS } from "../series/seattle-defaults.ts";
import type { Weather } from "../series/weather.ts";
import { type ForecastTask, forecastTask } from "./task.ts";
import {
  type FittedForecaster,
  fitForecaster,
  forecastHeldOut,
  type TrainedForecaster,
  type TrainProgress,
  type TrainSettings,
} from "./train.ts";

/** What a trial does not choose. */
export interface SearchSetting {
  readonly horizon: number;
  readonly epochs: number;
  readonly seed: number;
}

/** A choice of settings: those of the training, and the window. */
export interface Choice extends TrainSettings {
  readonly window: number;
}

/** The settings with which `npm run train` begins, as parameters of a trial. */
export const DEFAULT_PARAMS: Params = {
  window: DEFAULTS.window,
  hidden: DEFAULTS.hidden,
  layers: DEFAULTS.layers,
  lr: DEFAULTS.learningRate,
  batch: DEFAULTS.batchSize,
  weight_decay: DEFAULTS.weightDecay,
};

/** Asks a trial for all settings. Dropout is between layers, so one layer has none. */
export function suggestChoice(trial: Trial, { epochs, seed }: SearchSetting): Choice {
  const layers = trial.suggestInt("layers", 1, 2);
  return {
    window: trial.suggestInt("window", 3, 30, { log: true }),
    hidden: trial.suggestInt("hidden", 8, 64, { log: true }),
    layers,
    dropout: layers > 1 ? trial.suggestFloat("dropout", 0, 0.5) : 0,
    learningRate: trial.suggestFloat("lr", 5e-4, 5e-2, { log: true }),
    batchSize: trial.suggestInt("batch", 16, 128, { step: 16 }),
    weightDecay: trial.suggestFloat("weight_decay", 1e-6, 1e-1, { log: true }),
    epochs,
    seed,
  };
}

/** The settings of a trial that has ended. */
export function choiceOf({ params }: FrozenTrial, { epochs, seed }: SearchSetting): Choice {
  const number = (name: string) => params[name] as number;
  const settings = { layers: number("layers"), window: number("window"), hidden: number("hidden") };
  const rates = { learningRate: number("lr"), weightDecay: number("weight_decay") };
  const dropout = (params["dropout"] as number | undefined) ?? 0;
  return { ...settings, ...rates, dropout, batchSize: number("batch"), epochs, seed };
}

/** Hears how a search goes. */
export interface SearchEvents {
  onProgress?(trial: number, progress: TrainProgress): void;
  /** Called with what a trial has learnt, before its value is recorded. */
  onFitted?(trial: number, fitted: FittedForecaster): void;
}

export class SeattleSearch {
  readonly #device: Device;
  readonly #weather: Weather;
  readonly #setting: SearchSetting;
  /** Tasks by their windows. */
  readonly #tasks = new Map<number, ForecastTask>();

  constructor(device: Device, weather: Weather, setting: SearchSetting) {
    this.#device = device;
    this.#weather = weather;
    this.#setting = setting;
  }

  /** The least validation loss of a trial's epochs; a trial that falls behind is pruned. */
  objective({ onProgress, onFitted }: SearchEvents = {}): (trial: Trial) => Promise<number> {
    return async (trial) => {
      const choice = suggestChoice(trial, this.#setting);
      let least = Number.POSITIVE_INFINITY;
      const fitted = await fitForecaster(this.#device, this.task(choice.window), choice, {
        signal: trial.signal,
        callbacks: [
          {
            onEpochEnd: async (_, { epoch, validationLoss }) => {
              least = Math.min(least, validationLoss!);
              trial.report(least, epoch);
              if (await trial.shouldPrune()) throw new TrialPruned(`pruned after epoch ${epoch}`);
            },
          },
        ],
        onProgress: (progress) => onProgress?.(trial.number, progress),
      });
      // An aborted training has what it learnt so far, which is no result of the trial.
      trial.signal.throwIfAborted();
      if (!fitted) throw new Error("the loss was no number from the first epoch on");
      onFitted?.(trial.number, fitted);
      return least;
    };
  }

  /** Queues the defaults, unless the study has them. */
  async enqueueDefaults(study: Study): Promise<void> {
    await study.enqueueTrial(DEFAULT_PARAMS, { skipIfExists: true });
  }

  task(window: number): ForecastTask {
    const task =
      this.#tasks.get(window) ?? forecastTask(this.#weather, { horizon: this.#setting.horizon, window });
    this.#tasks.set(window, task);
    return task;
  }

  /** What a trial's settings give on the held-out year. @param known What the trial has learnt; by default it is trained again */
  async heldOut(
    trial: FrozenTrial,
    known?: FittedForecaster,
  ): Promise<TrainedForecaster & { task: ForecastTask }> {
    const choice = choiceOf(trial, this.#setting);
    const task = this.task(choice.window);
    const fitted = known ?? (await fitForecaster(this.#device, task, choice))!;
    return { ...fitted, task, forecast: await forecastHeldOut(this.#device, task, choice, fitted.weights) };
  }
}

/** The number of the trial with the defaults; -1 as long as none is complete. */
export function defaultsTrial(trials: readonly FrozenTrial[]): number {
  const isDefault = ({ params, state }: FrozenTrial) =>
    state === "COMPLETE" && Object.entries(DEFAULT_PARAMS).every(([name, value]) => params[name] === value);
  return trials.find(isDefault)?.number ?? -1;
}
