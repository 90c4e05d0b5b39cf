/** What a race says: pure arithmetic over its curves. */
import { median } from "../../../tasks/statistics/statistics.ts";

/** The losses of one library in one run, against its own time. */
export interface Curve {
  /** Seconds of this library's training at each step's end; the step that warmed it up again ends at 0. */
  readonly seconds: number[];
  readonly losses: number[];
}

export interface Run {
  readonly ours: Curve;
  readonly theirs: Curve;
}

/** A median with the least and the largest value. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** Steps whose losses must agree: later ones part by rounding. */
const CHECKED = 10;

/** Largest relative difference of the losses of a step. */
const TOLERANCE = 1e-3;

/** The largest relative difference of the first losses, and whether the libraries train the same. */
export function checkRun({ ours, theirs }: Run): { readonly difference: number; readonly agrees: boolean } {
  const steps = Math.min(CHECKED, ours.losses.length, theirs.losses.length);
  let difference = 0;
  for (let i = 0; i < steps; i++) {
    difference = Math.max(difference, Math.abs(theirs.losses[i]! / ours.losses[i]! - 1));
  }
  // NaN agrees with nothing.
  return { difference, agrees: steps > 0 && difference <= TOLERANCE };
}

/** Steps a second. */
export function speedOf({ seconds }: Curve): number {
  return (seconds.length - 1) / seconds.at(-1)!;
}

/** How long the steps that both libraries have done took each of them. */
function common({ ours, theirs }: Run) {
  const steps = Math.min(ours.seconds.length, theirs.seconds.length) - 1;
  return { steps, ours: ours.seconds[steps]!, theirs: theirs.seconds[steps]! };
}

export interface Outcome {
  /** Their time for the same steps, as a multiple of ours, over the runs. */
  readonly ratio: Spread;
  /** The steps that both have done, with the seconds that they took; of the run with the median ratio. */
  readonly steps: number;
  readonly seconds: { readonly ours: number; readonly theirs: number };
}

/** The outcome of the runs that are over; undefined before the first. */
export function outcomeOf(runs: readonly Run[]): Outcome | undefined {
  const all = runs.map(common).filter(({ steps }) => steps > 0);
  if (all.length === 0) return undefined;
  const ratios = all.map(({ ours, theirs }) => theirs / ours);
  const ratio = spreadOf(ratios);
  const nearest = ratios.reduce(
    (best, value, i) => (Math.abs(value - ratio.median) < Math.abs(ratios[best]! - ratio.median) ? i : best),
    0,
  );
  const { steps, ours, theirs } = all[nearest]!;
  return { ratio, steps, seconds: { ours, theirs } };
}

/**
 * A curve at points of a grid: the mean loss of the steps since the point before, or the latest one; null after its end.
 * @param grid Increasing, from 0
 */
export function onGrid({ seconds, losses }: Curve, grid: readonly number[]): (number | null)[] {
  let next = 0;
  let latest: number | null = null;
  return grid.map((time) => {
    let [sum, count] = [0, 0];
    for (; next < seconds.length && seconds[next]! <= time; next++) {
      sum += losses[next]!;
      count++;
    }
    if (count > 0) latest = sum / count;
    return next === seconds.length && count === 0 ? null : latest;
  });
}
