/** What is usual at a time of the season. */
import type { Series } from "./series.ts";

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** Seasons of so many steps are years of days: they go by the date, as a leap year has one more. */
const DAILY = 365;

/**
 * A share of the season on each side that a mean takes in: a week of a year, and nothing of twelve months. One day in few years is
 * noise.
 */
const NEAR = 1 / 52;

/**
 * For any step, the mean of the known values near the same time of the season; the mean of all where there is no season.
 * @param known The values of steps 0, 1, …, as far as they are known.
 */
export function seasonalMeans(
  { period, times }: Pick<Series, "period" | "times">,
  known: ArrayLike<number>,
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
    return counts[slot]! > 0 ? sums[slot]! / counts[slot]! : overall;
  };
}

/** 0 for the first of January. */
function dayOfYear(time: number): number {
  return Math.floor((time - Date.UTC(new Date(time).getUTCFullYear(), 0, 1)) / MS_PER_DAY);
}
