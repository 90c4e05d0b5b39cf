/** What the visitor may choose, and what the worker is given: plain data. */
import type { CellKind } from "./cells.ts";
import type { Series } from "./series.ts";

/**
 * What the model forecasts: the value itself, scaled by the training part, or its change since the last value of the window, for series
 * that leave the range they were trained on.
 */
export type Goal = "level" | "change";

export interface Settings {
  /** Steps that the model looks back on. */
  readonly window: number;
  /** Steps ahead that it forecasts at once. */
  readonly horizon: number;
  readonly goal: Goal;
  readonly cell: CellKind;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly learningRate: number;
  /** {@link WHOLE}: all windows in one batch. */
  readonly batchSize: number;
  readonly epochs: number;
}

/** What the worker makes a run of, and the page after a reload: plain JSON. */
export interface ForecastConfig {
  readonly series: Series;
  readonly settings: Settings;
}

/** The batch size that takes the whole training part at once. */
export const WHOLE = 0;

export type SliderName = Exclude<keyof Settings, "goal" | "cell">;

/** Sliders walk over these; windows and horizons are the series' own. */
export const CHOICES = {
  hiddenSize: [8, 16, 24, 32, 48, 50, 64, 96, 128],
  numLayers: [1, 2, 3],
  learningRate: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02],
  batchSize: [16, 32, 64, 128, 256, WHOLE],
  epochs: [5, 10, 20, 30, 60, 100, 200],
} as const;

/** What all draws of a run begin from, so that the same settings give the same curve. */
export const SEED = 0;

/** The settings that most presets share. */
export const USUAL = {
  goal: "level",
  cell: "LSTM",
  hiddenSize: 32,
  numLayers: 1,
  learningRate: 0.005,
  batchSize: 64,
} as const;
