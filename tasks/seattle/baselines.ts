/** Two forecasts that need no training. A model is of use only if it beats both. */
import type { NDArray } from "webgpu-lstm";
import { forecastTable } from "../series/forecast-table.ts";
import { seasonalMeans } from "../series/seasons.ts";
import { FEATURES, type Weather } from "../series/weather.ts";

const temperature = ({ series }: Weather, day: number) => series.data[day * FEATURES.length]!;

/**
 * Every day ahead is as warm as the last measured day.
 * @param origins The first day of each forecast.
 * @returns °C, `[origins, horizon]`
 */
export function persistence(weather: Weather, origins: readonly number[], horizon: number): NDArray {
  return forecastTable(origins, horizon, (origin) => temperature(weather, origin - 1));
}

/**
 * Every day is as warm as its time of the year: the mean of the days within a week of the same date, in all years before day `known`.
 * @param origins The first day of each forecast.
 * @returns °C, `[origins, horizon]`
 */
export function seasonal(
  weather: Weather,
  origins: readonly number[],
  horizon: number,
  known: number,
): NDArray {
  const { times, dates } = weather;
  const measured = Float64Array.from({ length: known }, (_, day) => temperature(weather, day));
  const mean = seasonalMeans({ period: 365, times }, measured, (day) => {
    throw new Error(`seasonal: no earlier year covers ${dates[day]}`);
  });
  return forecastTable(origins, horizon, (origin, ahead) => mean(origin + ahead));
}
