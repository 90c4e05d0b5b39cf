/** Seattle's daily weather, 2012 to 2015. A week ahead has the settings of `npm run train`; a day ahead, a smaller model is as good. */

import { columnOf } from "./columns.ts";
import { DEFAULTS } from "./seattle-defaults.ts";
import type { Series } from "./series.ts";
import { USUAL } from "./settings.ts";
import { parseWeather } from "./weather.ts";

export async function load(): Promise<Series> {
  const { seattleCsv } = await import("./seattle-csv.ts");
  const { times, series } = parseWeather(seattleCsv);
  const { window, epochs, weightDecay, learningRate, batchSize } = DEFAULTS;
  const settings = { ...USUAL, window, epochs, learningRate, batchSize, hiddenSize: DEFAULTS.hidden };
  return {
    id: "seattle",
    title: "Seattle’s weather",
    about:
      "The city’s daily maximum temperature, from the days before: maximum, minimum, precipitation, wind and the time of year.",
    credit: "seattle-weather.csv of vega-datasets, 2012 to 2015 (NOAA)",
    caution: "",
    quantity: "Maximum temperature",
    unit: " °C",
    digits: 2,
    step: "day",
    times,
    values: columnOf(series, 0),
    columns: [
      { name: "minimum temperature", values: columnOf(series, 1) },
      { name: "log(1 + precipitation in mm)", values: columnOf(series, 2) },
      { name: "wind", values: columnOf(series, 3) },
    ],
    calendar: ["dayOfYear"],
    period: 365,
    trend: false,
    log: false,
    scaled: true,
    shuffle: true,
    weightDecay,
    test: 365,
    validation: 365,
    windows: [5, 7, 10, 14, 21, 30, 45, 60],
    horizons: [1, 2, 3, 5, 7],
    rollOuts: [7, 14, 30, 60, 90, 120, 180],
    presets: [
      {
        name: "The next day",
        settings: { ...settings, window: 5, hiddenSize: 16, learningRate: 0.01, horizon: 1 },
      },
      { name: "A week ahead", settings: { ...settings, horizon: 7 } },
    ],
  };
}
