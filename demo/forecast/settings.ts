/** The choices of the settings form, and the plain data that the worker receives. */
import type { Series } from "../../tasks/series/series.ts";
import { type Settings, WHOLE } from "../../tasks/series/settings.ts";

/** What the worker trains on, and the page after a reload: plain JSON. */
export interface ForecastConfig {
  readonly series: Series;
  readonly settings: Settings;
}

export type SliderName = Exclude<keyof Settings, "goal" | "cell">;

/** The values of the sliders; each series has its own windows and horizons. */
export const CHOICES = {
  hiddenSize: [8, 16, 24, 32, 48, 50, 64, 96, 128],
  numLayers: [1, 2, 3],
  learningRate: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02],
  batchSize: [16, 32, 64, 128, 256, WHOLE],
  epochs: [5, 10, 20, 30, 60, 100, 200],
} as const;
