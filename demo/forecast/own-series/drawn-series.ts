/** A series that the visitor draws. */
import type { Series } from "../../../tasks/series/series.ts";
import { USUAL } from "../../../tasks/series/settings.ts";

/** The number of points, and the range of their values. */
export const LENGTH = 240;
export const RANGE = [0, 100] as const;

/** What is there to draw over: a wave on a slower one. */
export function firstDrawing(): number[] {
  return Array.from({ length: LENGTH }, (_, t) => 50 + 24 * Math.sin(t / 4) + 10 * Math.sin(t / 19));
}

export function drawnSeries(values: readonly number[]): Series {
  return {
    id: "drawn",
    title: "A drawn series",
    about: "What you have drawn, from its own values before. The last fifth is held out.",
    credit: "drawn on this page",
    caution: "",
    quantity: "Height",
    unit: "",
    digits: 2,
    step: "step",
    times: null,
    values: [...values],
    columns: [],
    calendar: [],
    period: null,
    trend: false,
    log: false,
    scaled: true,
    shuffle: true,
    weightDecay: 0,
    test: 48,
    validation: 32,
    windows: [5, 10, 15, 20, 30],
    horizons: [1, 2, 5, 10],
    rollOuts: [10, 20, 30, 40],
    presets: [
      {
        name: "For a drawing",
        settings: {
          ...USUAL,
          window: 15,
          horizon: 1,
          hiddenSize: 16,
          learningRate: 0.01,
          batchSize: 16,
          epochs: 60,
        },
      },
    ],
  };
}
