/** Seattle's daily weather, 2012 to 2015. The settings are those of `examples/seattle`. */
import { parseCsv, selectColumns, selectTimes } from "../csv/table.ts";
import { DEFAULTS } from "../seattle/defaults.ts";
import { columnOf } from "./columns.ts";
import type { Series } from "./series.ts";
import { USUAL } from "./settings.ts";

export async function load(): Promise<Series> {
  const { seattleCsv } = await import("../seattle/csv.ts");
  const table = parseCsv(seattleCsv);
  const weather = selectColumns(table, ["temp_max", "temp_min", "precipitation", "wind"]);
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
    times: selectTimes(table, "date"),
    values: columnOf(weather, 0),
    columns: [
      { name: "minimum temperature", values: columnOf(weather, 1) },
      { name: "log(1 + precipitation in mm)", values: columnOf(weather, 2).map(Math.log1p) },
      { name: "wind", values: columnOf(weather, 3) },
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
      { name: "The next day", settings: { ...settings, horizon: 1 } },
      { name: "A week ahead", settings: { ...settings, horizon: 7 } },
    ],
  };
}
