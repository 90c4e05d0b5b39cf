import { checkInteger, checkNumber, checkOptions, DataError } from "../errors.ts";
import { TensorDataset } from "./dataset.ts";
import { asSeries, type Series } from "./series.ts";
import type { SeriesPart } from "./split.ts";

/** Options of {@link slidingWindows}. */
export interface WindowOptions {
  /** Time steps of input in one window. */
  readonly length: number;
  /** Time steps to forecast after the window (default 1). */
  readonly horizon?: number;
  /** Time steps from one window's start to the next's (default 1). */
  readonly stride?: number;
  /** The column to forecast (default 0). */
  readonly target?: number;
}

/**
 * Cuts a time series into windows for forecasting: each input is `length` steps of all features, its target the
 * `horizon` steps of column `target` that follow.
 *
 * A part of {@link chronologicalSplit} that brings history with it starts with the first window whose targets all
 * belong to the part, however much history there is: a target is never one of an earlier part's steps.
 *
 * @param series `[time, features]`, or a plain list of numbers for one feature
 * @returns `x` of shape `[windows, length, features]` and `y` of shape `[windows, horizon]`, oldest first, with
 * `windows = floor((time - length - horizon) / stride) + 1`
 * @throws DataError when the series is empty, has a NaN or an infinity, or is shorter than `length + horizon`
 *
 * @example
 * const { x, y } = data.slidingWindows(sine, { length: 20 }); // 1000 steps: x [980, 20, 1], y [980, 1]
 */
export function slidingWindows(series: Series, options: WindowOptions): TensorDataset {
  const where = "slidingWindows";
  checkOptions(where, options, ["length", "horizon", "stride", "target"]);
  const { length, horizon = 1, stride = 1, target = 0 } = options;
  checkInteger(where, "length", length);
  checkInteger(where, "horizon", horizon);
  checkInteger(where, "stride", stride);
  const history = (series as Partial<SeriesPart>).history ?? 0;
  const { data, shape } = asSeries(where, series);
  const [time, features] = shape as readonly [number, number];
  checkNumber(
    where,
    "target",
    target,
    `a column from 0 to ${features - 1}`,
    (n) => Number.isInteger(n) && n >= 0 && n < features,
  );

  const first = Math.max(0, history - length);
  const span = time - first - length - horizon;
  if (span < 0) {
    throw new DataError(
      `${where}: a window of ${length} and a horizon of ${horizon} need at least ${length + horizon} time steps, ` +
        `got ${time - first}; use a shorter window, or a longer series`,
    );
  }
  const windows = Math.floor(span / stride) + 1;
  const x = new Float32Array(windows * length * features);
  const y = new Float32Array(windows * horizon);
  for (let w = 0; w < windows; w++) {
    const start = first + w * stride;
    x.set(data.subarray(start * features, (start + length) * features), w * length * features);
    for (let k = 0; k < horizon; k++) {
      y[w * horizon + k] = data[(start + length + k) * features + target]!;
    }
  }
  return new TensorDataset(
    { data: x, shape: [windows, length, features] },
    { data: y, shape: [windows, horizon] },
  );
}
