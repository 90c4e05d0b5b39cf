/** Seattle's daily weather, 2012 to 2015: the numbers that a network is trained on. */
import { data } from "webgpu-lstm";
import { CsvError, parseCsv, selectNumbers, selectTimes } from "../csv/table.ts";
import { dayOfYear } from "./seasons.ts";

/** The columns of {@link Weather.series}; the first one is the target. */
export const FEATURES = [
  "daily maximum temperature, °C",
  "daily minimum temperature, °C",
  "log(1 + precipitation in mm)",
  "wind, m/s",
  "sine of the day of the year",
  "cosine of the day of the year",
] as const;

/** A daily series without gaps. */
export interface Weather {
  /** The date of each day, such as `2012-01-01`. */
  readonly dates: readonly string[];
  /** The same dates in milliseconds since 1970. */
  readonly times: readonly number[];
  /** `[days, FEATURES.length]` */
  readonly series: data.Float64NDArray;
}

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/**
 * Reads the text of `seattle-weather.csv` (npm package `vega-datasets`). Throws a {@link CsvError} that names the line for a missing
 * column, a cell that is not a number, and a day that does not follow the day before.
 */
export function parseWeather(csv: string): Weather {
  const table = parseCsv(csv);
  const times = selectTimes(table, "date");
  const dates = times.map((time) => new Date(time).toISOString().slice(0, 10));
  times.forEach((time, day) => {
    if (day === 0 || time - times[day - 1]! === MS_PER_DAY) return;
    throw new CsvError(
      `Line ${table.lines[day]}: ${dates[day]} does not follow ${dates[day - 1]}; the series must have no gaps.`,
    );
  });
  const angles = times.map((time) => (2 * Math.PI * dayOfYear(time)) / 365.25);
  const columns = [
    selectNumbers(table, "temp_max"),
    selectNumbers(table, "temp_min"),
    selectNumbers(table, "precipitation").map(Math.log1p),
    selectNumbers(table, "wind"),
    angles.map(Math.sin),
    angles.map(Math.cos),
  ];
  return { dates, times, series: data.columnStack(columns) };
}
