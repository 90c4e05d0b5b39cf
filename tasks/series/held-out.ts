/** The held-out part of a series, with each forecast's line and its errors in the series' unit. */
import type { NDArray } from "webgpu-lstm";
import type { Linear } from "../statistics/ridge.ts";
import { type Baseline, baselinesOf } from "./baselines.ts";
import { errorsOf } from "./errors.ts";
import { linearBaseline } from "./linear.ts";
import type { ForecastTask } from "./task.ts";

/** A forecast of the held-out part with its errors. */
export interface Judged {
  readonly name: string;
  /** The forecast of each of {@link HeldOut.steps}, made the full horizon ahead. */
  readonly line: readonly number[];
  /** Mean absolute and root mean squared error over all steps ahead, and the mean absolute error of the last step ahead. */
  readonly mae: number;
  readonly rmse: number;
  readonly lastMae: number;
  /** The mean absolute error of each step ahead. */
  readonly maes: readonly number[];
}

/** The held-out part before any training. */
export interface HeldOut {
  readonly horizon: number;
  /** The steps of the series that are forecast the full horizon ahead. */
  readonly steps: readonly number[];
  readonly actual: readonly number[];
  readonly baselines: readonly (Judged & Pick<Baseline, "rule" | "at">)[];
  /** Whether the linear regression is among the baselines. */
  readonly fitted: boolean;
  /** The baseline with the smallest error. */
  readonly best: Judged;
  /** The same baselines for a series of which some values are changed. */
  rivals(changed: ReadonlyMap<number, number>): readonly Baseline[];
  /** Measures the errors of a model's forecast `[windows, horizon]`. */
  judge(name: string, forecast: NDArray): Judged;
}

/** @param linear A linear regression of the same task, which is then one of the baselines */
export function heldOutOf(task: ForecastTask, linear?: Linear): HeldOut {
  const { horizon } = task;
  const origins = task.origins(task.test);
  const actual = task.actual(origins);
  const judge = (name: string, forecast: NDArray): Judged => {
    const { mae, rmse, perDay } = errorsOf(forecast, actual);
    const maes = perDay.map((day) => day.mae);
    return { name, line: lastStep(forecast), mae, rmse, lastMae: maes.at(-1)!, maes };
  };
  const rivals = (changed: ReadonlyMap<number, number>): Baseline[] => {
    const values = task.series.values.map((value, step) => changed.get(step) ?? value);
    const simple = baselinesOf({ ...task.series, values }, task.test[0]);
    return linear ? [...simple, linearBaseline(task, linear, task.rowsWith(changed))] : simple;
  };
  const baselines = rivals(new Map()).map((baseline) => ({
    ...baseline,
    ...judge(
      baseline.name,
      task.table(origins, (origin, ahead) => baseline.at(origin, ahead)),
    ),
  }));
  return {
    horizon,
    steps: origins.map((origin) => origin + horizon - 1),
    actual: lastStep(actual),
    baselines,
    fitted: linear !== undefined,
    best: baselines.reduce((best, next) => (next.mae < best.mae ? next : best)),
    rivals,
    judge,
  };
}

/** The last column of `[windows, horizon]`. */
function lastStep({ data, shape }: NDArray): number[] {
  const horizon = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, i) => data[(i + 1) * horizon - 1]!);
}
