/** The S&P 500's daily closes, 2000 to April 2020. */
import { parseCsv, selectColumns, selectTimes } from "../csv/table.ts";
import { columnOf } from "./columns.ts";
import type { Series } from "./series.ts";
import { USUAL } from "./settings.ts";

export async function load(): Promise<Series> {
  const { default: text } = await import("../../node_modules/vega-datasets/data/sp500-2000.csv?raw");
  const table = parseCsv(text);
  const settings = {
    ...USUAL,
    goal: "change",
    window: 20,
    hiddenSize: 16,
    learningRate: 0.001,
    batchSize: 256,
    epochs: 20,
  } as const;
  return {
    id: "sp500",
    title: "S&P 500",
    about:
      "The index’s daily close, from the closes before. The model is given logarithms and forecasts returns.",
    credit: "sp500-2000.csv of vega-datasets, January 2000 to April 2020",
    caution:
      "Daily closes are near a random walk: past closes say next to nothing about the next one. Expect the model to be no better than " +
      "persistence; a lead of some thousandths is chance.",
    quantity: "Close",
    unit: "",
    digits: 2,
    step: "trading day",
    times: selectTimes(table, "date"),
    values: columnOf(selectColumns(table, ["close"]), 0),
    columns: [],
    calendar: [],
    period: null,
    trend: true,
    log: true,
    scaled: true,
    shuffle: true,
    weightDecay: 0,
    test: 500,
    validation: 500,
    windows: [5, 10, 20, 30, 45, 60],
    horizons: [1, 2, 5, 10, 20],
    rollOuts: [5, 10, 20, 60, 120],
    presets: [
      { name: "The next day", settings: { ...settings, horizon: 1 } },
      { name: "Four weeks ahead", settings: { ...settings, horizon: 20 } },
    ],
  };
}
