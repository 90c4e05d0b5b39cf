/** The usual value at a time of the season. */
import type { Series } from "./series.ts";

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** A season of this many steps is a year of days. It goes by the date, since a leap year has one day more. */
const DAILY = 365;

/**
 * The share of a season, before and after a time, that a mean includes: a week of a year, and no other month of twelve. One day of a
 * few years alone is noise.
 */
const NEAR = 1 / 52;

/**
 * For any step, the mean of the known values near the same time of the season; the mean of all values if there is no season.
 * @param known The known values, of steps 0, 1, …
 * @param otherwise Gives the value of a step whose time of the season has no known value; the mean of all if not given.
 */
export function seasonalMeans(
  { period, times }: Pick<Series, "period" | "times">,
  known: ArrayLike<number>,
  otherwise?: (step: number) => number,
): (step: number) => number {
  let sum = 0;
  for (let t = 0; t < known.length; t++) sum += known[t]!;
  const overall = sum / known.length;
  if (period === null) return () => overall;

  const slots = period === DAILY && times ? 366 : period;
  const slotOf = (step: number) => (slots === 366 ? dayOfYear(times![step]!) : step % period);
  const near = Math.floor(period * NEAR);
  const sums = new Float64Array(slots);
  const counts = new Float64Array(slots);
  for (let t = 0; t < known.length; t++) {
    const center = slotOf(t);
    for (let offset = -near; offset <= near; offset++) {
      const slot = (center + offset + slots) % slots;
      sums[slot]! += known[t]!;
      counts[slot]! += 1;
    }
  }
  return (step) => {
    const slot = slotOf(step);
    if (counts[slot]! > 0) return sums[slot]! / counts[slot]!;
    return otherwise ? otherwise(step) : overall;
  };
}

/** The day of the year of a time in milliseconds since 1970, in UTC: 0 on the first of January. */
export function dayOfYear(time: number): number {
  return Math.floor((time - Date.UTC(new Date(time).getUTCFullYear(), 0, 1)) / MS_PER_DAY);
}
