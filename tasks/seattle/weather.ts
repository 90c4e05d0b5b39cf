/** Seattle's daily weather, 2012 to 2015, as numbers a network can be trained on. */
import { csvParseRows } from "d3-dsv";
import type { NDArray } from "webgpu-lstm";

/** The columns of {@link Weather.series}; the first one is what is forecast. */
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
  /** `2012-01-01`, one a row. */
  readonly dates: readonly string[];
  /** `[days, FEATURES.length]` */
  readonly series: NDArray;
}

const COLUMNS = ["date", "temp_max", "temp_min", "precipitation", "wind"] as const;

/**
 * Reads the text of `seattle-weather.csv` (npm package `vega-datasets`). Throws an error that names the line for a
 * missing column, a value that is not a number, and a day that does not follow the one before.
 */
export function parseWeather(csv: string): Weather {
  const [header = [], ...rows] = csvParseRows(csv.trim());
  const at = COLUMNS.map((name) => {
    const index = header.indexOf(name);
    if (index < 0) throw new Error(`parseWeather: no column "${name}" in the header: ${header.join(", ")}`);
    return index;
  });
  if (rows.length === 0) throw new Error("parseWeather: there are no days after the header");

  const dates: string[] = [];
  const series = new Float32Array(rows.length * FEATURES.length);
  rows.forEach((row, i) => {
    const [date = "", ...texts] = at.map((column) => row[column]?.trim() ?? "");
    const line = `parseWeather: line ${i + 2}`;
    const previous = dates.at(-1);
    if (!/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(Date.parse(date))) {
      throw new Error(`${line}: the date must read like 2012-01-31, got "${date}"`);
    }
    if (previous !== undefined && Date.parse(date) - Date.parse(previous) !== MS_PER_DAY) {
      throw new Error(`${line}: ${date} does not follow ${previous}; the series must have no gaps`);
    }
    const [maximum, minimum, precipitation, wind] = texts.map((text, k) => {
      const value = text === "" ? Number.NaN : Number(text);
      if (Number.isFinite(value)) return value;
      throw new Error(`${line}: ${COLUMNS[k + 1]} must be a number, got "${text}"`);
    }) as [number, number, number, number];
    const angle = (2 * Math.PI * dayOfYear(date)) / 365.25;
    dates.push(date);
    series.set(
      [maximum, minimum, Math.log1p(precipitation), wind, Math.sin(angle), Math.cos(angle)],
      i * FEATURES.length,
    );
  });
  return { dates, series: { data: series, shape: [rows.length, FEATURES.length] } };
}

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** 0 for the first of January. */
export function dayOfYear(date: string): number {
  return (Date.parse(date) - Date.parse(`${date.slice(0, 4)}-01-01`)) / MS_PER_DAY;
}
