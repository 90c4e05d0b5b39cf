/** Two forecasts that need no training. A model that does not beat both of them has learnt nothing of use. */
import type { NDArray } from "webgpu-lstm";
import { dayOfYear, FEATURES, type Weather } from "./weather.ts";

const temperature = ({ series }: Weather, day: number) => series.data[day * FEATURES.length]!;

/** Tomorrow, and every day after it, will be as warm as the last measured day. `origins`: the first forecast days. */
export function persistence(weather: Weather, origins: readonly number[], horizon: number): NDArray {
  return table(origins, horizon, (origin) => temperature(weather, origin - 1));
}

/** How many days before and after the calendar day the seasonal mean takes in. A single day of few years is noise. */
const SEASON = 7;

/**
 * Every day will be as warm as the time of year: the mean over the days at most a week before or after the same day
 * of the calendar, in all the years before day `known`.
 */
export function seasonal(
  weather: Weather,
  origins: readonly number[],
  horizon: number,
  known: number,
): NDArray {
  const sums = new Float64Array(366);
  const counts = new Float64Array(366);
  for (let day = 0; day < known; day++) {
    const center = dayOfYear(weather.dates[day]!);
    for (let offset = -SEASON; offset <= SEASON; offset++) {
      const slot = (center + offset + 366) % 366;
      sums[slot]! += temperature(weather, day);
      counts[slot]! += 1;
    }
  }
  return table(origins, horizon, (origin, ahead) => {
    const slot = dayOfYear(weather.dates[origin + ahead]!);
    if (counts[slot] === 0)
      throw new Error(`seasonal: no earlier year covers ${weather.dates[origin + ahead]}`);
    return sums[slot]! / counts[slot]!;
  });
}

function table(
  origins: readonly number[],
  horizon: number,
  value: (origin: number, ahead: number) => number,
): NDArray {
  const data = new Float32Array(origins.length * horizon);
  origins.forEach((origin, i) => {
    for (let ahead = 0; ahead < horizon; ahead++) data[i * horizon + ahead] = value(origin, ahead);
  });
  return { data, shape: [origins.length, horizon] };
}
