import { checkBoolean, checkNumber, checkOptions, show } from "../../checks.ts";
import { DataError, OptionError, ShapeError } from "../../errors.ts";
import type { Float64NDArray } from "../../shape.ts";
import { asSeries, type Series } from "./series.ts";
import { type PartSteps, partSteps, type SeriesPart, withoutOldest } from "./split.ts";

/** Options of {@link columnStack}. */
export interface ColumnStackOptions {
  /**
   * Whether to align series of different lengths at their newest step and drop older steps of the longer ones
   * (default false: different lengths throw).
   */
  readonly alignNewest?: boolean;
}

/**
 * Puts series side by side as columns, as `numpy.column_stack`. Columns of a part of {@link chronologicalSplit} stay that part, with
 * its history; other series beside it are taken to have the same steps.
 *
 * @param series each one `[time, features]`, or a plain list of numbers for one feature
 * @returns `[time, all features]` in float64, the columns in the order of the list
 * @throws ShapeError when the series differ in length and are not aligned
 * @throws DataError when the series include parts of different steps
 *
 * @example
 * const lagged = data.lagFeatures(load, { lags: [24, 168] });           // [time - 168, 2]
 * data.columnStack([load, calendar, lagged], { alignNewest: true }); // [time - 168, 1 + 4 + 2]
 */
export function columnStack(
  series: readonly SeriesPart[] | readonly [SeriesPart, ...Series[]],
  options?: ColumnStackOptions,
): SeriesPart;
export function columnStack(series: readonly Series[], options?: ColumnStackOptions): Float64NDArray;
export function columnStack(
  series: readonly Series[],
  options: ColumnStackOptions = {},
  ...more: never[]
): Float64NDArray {
  const where = "columnStack";
  checkOptions(where, options, ["alignNewest"], more);
  const { alignNewest = false } = options;
  checkBoolean(where, "alignNewest", alignNewest);
  if (!Array.isArray(series) || series.length === 0) {
    throw new OptionError(`${where}: expected a list of series, one at least, got ${show(series)}`);
  }
  const parts = series.map((part: Series) => asSeries(where, part));
  const lengths = parts.map(({ shape }) => shape[0]!);
  const time = Math.min(...lengths);
  if (!alignNewest && lengths.some((length) => length !== time)) {
    throw new ShapeError(
      `${where}: the series must be equally long, got ${lengths.join(", ")} steps; with alignNewest: true the older steps of ` +
        "the longer ones are left out",
    );
  }
  const steps = commonSteps(where, series, lengths, time);
  const width = parts.reduce((sum, { shape }) => sum + shape[1]!, 0);
  const data = new Float64Array(time * width);
  let column = 0;
  for (const { data: from, shape } of parts) {
    const [length, features] = shape as readonly [number, number];
    for (let t = 0; t < time; t++) {
      const row = (length - time + t) * features;
      data.set(from.subarray(row, row + features), t * width + column);
    }
    column += features;
  }
  return { data, shape: [time, width], ...steps };
}

/** The steps of those series that are parts, after each has dropped its rows older than the newest `time`; null if none is a part. */
function commonSteps(
  where: string,
  series: readonly Series[],
  lengths: readonly number[],
  time: number,
): PartSteps | null {
  const parts = series.flatMap((part, i) => {
    const steps = partSteps(part);
    return steps ? [withoutOldest(steps, lengths[i]! - time)] : [];
  });
  const [first] = parts;
  if (!first) return null;
  for (const other of parts) {
    if (other.start === first.start && other.end === first.end && other.history === first.history) continue;
    throw new DataError(
      `${where}: the parts must have the same steps, got ${showSteps(first)} and ${showSteps(other)}; ` +
        "stack the whole series first and split the result, or split with the same options",
    );
  }
  return first;
}

function showSteps({ start, end, history }: PartSteps): string {
  return `${start} to ${end} with ${history} of history`;
}

/** Options of {@link lagFeatures}: at least one lag or difference. */
export interface LagOptions {
  /** Steps back, 0 or more: the column's value that many steps before (0 is the value itself). */
  readonly lags?: readonly number[];
  /** Steps back, 1 or more: the column's value minus its value that many steps before. */
  readonly differences?: readonly number[];
}

/** Result of {@link lagFeatures}. */
export interface LaggedSeries extends Float64NDArray {
  /**
   * The series' step of the first row: the largest lag. For a part of {@link chronologicalSplit} the first step of what remains of
   * the part: its history gives the first lags.
   */
  readonly start: number;
  /** One name for each column, such as `lag 7 of 0`. */
  readonly names: readonly string[];
}

/**
 * Earlier values as features: the series a day or a week before, and how much it has changed since. The first steps have no such
 * value and are dropped; {@link columnStack} with `alignNewest` aligns the rest with other series. A part of
 * {@link chronologicalSplit} stays one, with the history that is left.
 *
 * @param series `[time, features]`, or a plain list of numbers for one feature
 * @returns `[time - start, features · (lags + differences)]` in float64: for each lag and then each difference all columns of the series
 * @throws DataError when the series is not longer than the largest lag
 */
export function lagFeatures(series: SeriesPart, options: LagOptions): LaggedSeries & SeriesPart;
export function lagFeatures(series: Series, options: LagOptions): LaggedSeries;
export function lagFeatures(series: Series, options: LagOptions, ...more: never[]): LaggedSeries {
  const where = "lagFeatures";
  checkOptions(where, options, ["lags", "differences"], more);
  const lags = checkSteps(where, "lags", options.lags ?? [], 0);
  const differences = checkSteps(where, "differences", options.differences ?? [], 1);
  const kinds = [
    ...lags.map((steps) => ({ name: "lag", steps })),
    ...differences.map((steps) => ({ name: "difference", steps })),
  ];
  if (kinds.length === 0) throw new OptionError(`${where}: give lags, differences or both, got none`);
  const { data: from, shape } = asSeries(where, series);
  const [time, features] = shape as readonly [number, number];
  const start = Math.max(...kinds.map(({ steps }) => steps));
  if (time <= start) {
    throw new DataError(
      `${where}: a lag of ${start} needs at least ${start + 1} steps, got ${time}; use shorter lags, or a longer series`,
    );
  }

  const width = kinds.length * features;
  const data = new Float64Array((time - start) * width);
  for (let t = start, i = 0; t < time; t++) {
    for (const { name, steps } of kinds) {
      for (let k = 0; k < features; k++) {
        const before = from[(t - steps) * features + k]!;
        data[i++] = name === "lag" ? before : from[t * features + k]! - before;
      }
    }
  }
  const names = kinds.flatMap(({ name, steps }) =>
    Array.from({ length: features }, (_, k) => `${name} ${steps} of ${k}`),
  );
  const part = partSteps(series);
  return { data, shape: [time - start, width], start, ...(part && withoutOldest(part, start)), names };
}

function checkSteps(where: string, name: string, steps: readonly number[], least: number): readonly number[] {
  if (!Array.isArray(steps)) {
    throw new OptionError(`${where}: ${name} must be a list of steps, got ${show(steps)}`);
  }
  for (const step of steps) {
    const range = `whole numbers of steps from ${least}`;
    checkNumber(where, name, step, range, (n) => Number.isInteger(n) && n >= least);
  }
  return steps;
}
