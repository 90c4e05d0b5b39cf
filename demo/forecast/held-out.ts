/** The held-out year as the chart and the table need it: one line a series, and errors in °C. */
import type { NDArray } from "webgpu-lstm";
import { errorsOf } from "../../examples/seattle/errors.ts";
import type { ForecastTask } from "../../examples/seattle/task.ts";

/** A forecast of the held-out days: what the chart draws, and its errors over all days ahead. */
export interface Forecast {
  /** °C for each of {@link HeldOut.days}, as forecast on the farthest of the days ahead. */
  readonly line: readonly number[];
  /** Mean absolute error, °C, over all days ahead. */
  readonly mae: number;
  /** Root mean squared error, °C, over all days ahead. */
  readonly rmse: number;
  /** Mean absolute error, °C, on the farthest day ahead alone. */
  readonly lastDayMae: number;
}

/** What is known before any training. */
export interface HeldOut {
  readonly horizon: number;
  /** First and last day that is forecast. */
  readonly span: readonly [from: Date, to: Date];
  /** Seconds since 1970 of each day that the chart shows. */
  readonly days: readonly number[];
  readonly measured: readonly number[];
  readonly persistence: Forecast;
  readonly seasonal: Forecast;
}

const SECONDS_PER_DAY = 24 * 60 * 60;

/** The held-out part of `task`, with its two baselines judged. */
export function heldOutOf(task: ForecastTask): HeldOut {
  const { dates, measured, persistence, seasonal } = task.heldOut;
  const { horizon } = task;
  const days = dates.map((date) => Date.parse(date) / 1000 + (horizon - 1) * SECONDS_PER_DAY);
  return {
    horizon,
    span: [new Date(dates[0]!), new Date(days.at(-1)! * 1000)],
    days,
    measured: lastDay(measured),
    persistence: judge(persistence, measured),
    seasonal: judge(seasonal, measured),
  };
}

/** Judges a forecast in °C, `[windows, horizon]`, against what was measured on the same days. */
export function judge(forecast: NDArray, measured: NDArray): Forecast {
  const { mae, rmse, perDay } = errorsOf(forecast, measured);
  return { line: lastDay(forecast), mae, rmse, lastDayMae: perDay.at(-1)!.mae };
}

/** The last column of `[windows, horizon]`. */
function lastDay({ data, shape }: NDArray): number[] {
  const horizon = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, i) => data[(i + 1) * horizon - 1]!);
}
