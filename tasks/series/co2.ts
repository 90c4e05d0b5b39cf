/** Carbon dioxide over Mauna Loa, month by month. */
import { parseCsv, selectColumns, selectTimes } from "../csv/table.ts";
import { columnOf } from "./columns.ts";
import type { Series } from "./series.ts";
import { USUAL } from "./settings.ts";

/** Five months before this one are missing. */
const FIRST = Date.UTC(1964, 4, 1);

export async function load(): Promise<Series> {
  const { default: text } = await import("../../node_modules/vega-datasets/data/co2-concentration.csv?raw");
  const table = parseCsv(text);
  const times = selectTimes(table, "Date");
  const from = times.findIndex((time) => time >= FIRST);
  const settings = {
    ...USUAL,
    goal: "change",
    window: 24,
    learningRate: 0.003,
    batchSize: 32,
    epochs: 60,
  } as const;
  return {
    id: "co2",
    title: "CO₂ over Mauna Loa",
    about:
      "The monthly mean of carbon dioxide in the air over Hawaii, from the months before and the time of year. It rises from year to " +
      "year, so the model forecasts the change since the last month.",
    credit:
      "co2-concentration.csv of vega-datasets (Scripps CO₂ Program), from May 1964, after its last gap, to April 2020",
    caution: "",
    quantity: "CO₂",
    unit: " ppm",
    digits: 2,
    step: "month",
    times: times.slice(from),
    values: columnOf(selectColumns(table, ["CO2"]), 0).slice(from),
    columns: [],
    calendar: ["month"],
    period: 12,
    trend: true,
    log: false,
    scaled: true,
    shuffle: true,
    weightDecay: 0,
    test: 120,
    validation: 60,
    windows: [6, 12, 18, 24, 36, 48],
    horizons: [1, 2, 3, 6, 12],
    rollOuts: [6, 12, 24, 36, 60],
    presets: [
      { name: "The next month", settings: { ...settings, horizon: 1 } },
      { name: "A year ahead", settings: { ...settings, horizon: 12 } },
    ],
  };
}
