import { checkInteger, checkNumber, checkOptions } from "../../checks.ts";
import { DataError } from "../../errors.ts";
import type { Float64NDArray } from "../../shape.ts";
import { asSeries, type Series } from "./series.ts";

/** Options of {@link chronologicalSplit}. */
export interface SplitOptions {
  /** Steps for validation: a share of the series below 1, or a whole number of steps (default 0: none). */
  readonly validation?: number;
  /** Steps held out for the test, the newest ones: a share of the series below 1, or a whole number of steps. */
  readonly test: number;
  /**
   * Steps before their start that the validation and test parts include as input (default 0). With the
   * window's length, every step of a part becomes a target; without it, the first steps serve as input only.
   */
  readonly history?: number;
}

/**
 * A part of a time series: an array of shape `[history + end - start, features]`. Its first `history` rows are context from before
 * `start`; only the steps from `start` to `end` belong to the part.
 */
export interface SeriesPart extends Float64NDArray, PartSteps {}

/** The steps of the whole series that a part covers. */
export interface PartSteps {
  /** First step of the part, counted in the whole series. */
  readonly start: number;
  /** One past the last step of the part, counted in the whole series. */
  readonly end: number;
  /** Leading rows from before `start`. */
  readonly history: number;
}

/** The three parts of {@link chronologicalSplit}, in the order of time. */
export interface SplitSeries {
  /** What the model learns from. */
  readonly train: SeriesPart;
  /** Has no rows if no validation was requested. */
  readonly validation: SeriesPart;
  /** What it is judged by in the end. */
  readonly test: SeriesPart;
}

/**
 * Splits a time series by time: the oldest steps train, the newest test, those between validate. Each step belongs
 * to one part, so windows of {@link slidingWindows} in an earlier part never see a later part's target, as target or as
 * input. With `history`, inputs of a later part reach back before its start, as they would in use. Fit scalers on
 * `train` alone.
 *
 * @param series `[time, features]`, or a plain list of numbers for one feature
 * @throws DataError when nothing is left to train on, or the series is empty, not finite, or itself a part with history
 *
 * @example
 * const { train, validation, test } = data.chronologicalSplit(series, { validation: 0.15, test: 365, history: 28 });
 * const scaler = data.StandardScaler.fit(train);
 */
export function chronologicalSplit(series: Series, options: SplitOptions, ...more: never[]): SplitSeries {
  const where = "chronologicalSplit";
  checkOptions(where, options, ["validation", "test", "history"], more);
  const { history = 0 } = options;
  checkInteger(where, "history", history, 0);
  const inner = partSteps(series);
  if (inner && inner.history > 0) {
    throw new DataError(
      `${where}: the series is already a part, with ${inner.history} rows of history that belong to the part before it; ` +
        "split the whole series, and let history be an option of that split",
    );
  }
  const whole = asSeries(where, series);
  const time = whole.shape[0]!;
  const test = stepsOf(where, "test", options.test, time);
  const validation = stepsOf(where, "validation", options.validation ?? 0, time);
  const train = time - validation - test;
  if (train < 1) {
    throw new DataError(
      `${where}: ${validation} steps of validation and ${test} of test leave nothing of ${time} to train on`,
    );
  }
  return {
    train: part(whole, 0, train, 0),
    validation: part(whole, train, train + validation, history),
    test: part(whole, train + validation, time, history),
  };
}

/** Converts a share of the series, or a number of steps, to steps. */
function stepsOf(where: string, name: string, value: number, time: number): number {
  const range = "a share from 0 to 1 or a whole number of steps";
  checkNumber(where, name, value, range, (n) => n >= 0 && (n < 1 || Number.isInteger(n)));
  return value < 1 ? Math.round(value * time) : value;
}

function part({ data, shape }: Float64NDArray, start: number, end: number, wanted: number): SeriesPart {
  const features = shape[1]!;
  const history = end > start ? Math.min(wanted, start) : 0;
  const rows = data.slice((start - history) * features, end * features);
  return { data: rows, shape: [history + end - start, features], start, end, history };
}

/** The steps of a part; null for a series that is not one. */
export function partSteps(series: Series): PartSteps | null {
  const { start, end, history } = series as Partial<SeriesPart>;
  if (start === undefined || end === undefined || history === undefined) return null;
  return { start, end, history };
}

/** The steps of a part whose oldest `rows` rows are dropped: its history goes first. */
export function withoutOldest({ start, end, history }: PartSteps, rows: number): PartSteps {
  return { start: start + Math.max(0, rows - history), end, history: Math.max(0, history - rows) };
}
