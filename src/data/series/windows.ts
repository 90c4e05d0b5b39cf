import { roundToFloat32 } from "../../arrays.ts";
import { checkInteger, checkNumber, checkOptions, show } from "../../checks.ts";
import { DataError, OptionError } from "../../errors.ts";
import { TensorDataset } from "../dataset.ts";
import { asSeries, type Series } from "./series.ts";
import type { SeriesPart } from "./split.ts";

/** Options of {@link slidingWindows}. */
export interface WindowOptions {
  /** Time steps of input in one window. */
  readonly length: number;
  /** Time steps to forecast after the window (default 1). */
  readonly horizon?: number;
  /** Time steps between the starts of two windows (default 1). */
  readonly stride?: number;
  /** The column to forecast, or a list of columns (default 0). */
  readonly target?: number | readonly number[];
  /** The input columns, in this order (default: all). */
  readonly inputs?: readonly number[];
}

/**
 * Cuts a time series into windows for forecasting: each input is `length` steps of all features (or of the columns `inputs`),
 * and its target the next `horizon` steps of column `target` (or of several columns).
 *
 * For a part of {@link chronologicalSplit} with history, the first window is the first one whose targets all
 * belong to the part: a target is never a step of an earlier part.
 *
 * The windows are float32, which has 24 bits: values far from zero that differ little become equal, so scale the series first.
 *
 * @param series `[time, features]`, or a plain list of numbers for one feature
 * @returns `x` of shape `[windows, length, features]` and `y` of shape `[windows, horizon]`, or `[windows, horizon, targets]` for a
 * list of targets, oldest first, with `windows = floor((time - length - horizon) / stride) + 1`
 * @throws DataError when the series is empty, has a NaN, an infinity or a value beyond float32, or is shorter than `length + horizon`
 *
 * @example
 * const { x, y } = data.slidingWindows(sine, { length: 20 }); // 1000 steps: x [980, 20, 1], y [980, 1]
 * data.slidingWindows(weather, { length: 28, horizon: 7, target: [0, 1] }); // y [windows, 7, 2]
 */
export function slidingWindows(series: Series, options: WindowOptions, ...more: never[]): TensorDataset {
  const where = "slidingWindows";
  checkOptions(where, options, ["length", "horizon", "stride", "target", "inputs"], more);
  const { length, horizon = 1, stride = 1, target = 0 } = options;
  checkInteger(where, "length", length);
  checkInteger(where, "horizon", horizon);
  checkInteger(where, "stride", stride);
  const history = (series as Partial<SeriesPart>).history ?? 0;
  const { data: exact, shape } = asSeries(where, series);
  const data = roundToFloat32(where, "series", exact);
  const [time, features] = shape as readonly [number, number];
  const targets = typeof target === "number" ? [target] : checkColumns(where, "target", target);
  const inputs = options.inputs === undefined ? null : checkColumns(where, "inputs", options.inputs);
  for (const [name, columns] of [
    ["target", targets],
    ["inputs", inputs ?? []],
  ] as const) {
    for (const column of columns) checkColumn(where, name, column, features);
  }

  const first = Math.max(0, history - length);
  const span = time - first - length - horizon;
  if (span < 0) {
    throw new DataError(
      `${where}: a window of ${length} and a horizon of ${horizon} need at least ${length + horizon} time steps, ` +
        `got ${time - first}; use a shorter window, or a longer series`,
    );
  }
  const windows = Math.floor(span / stride) + 1;
  const width = inputs?.length ?? features;
  const x = new Float32Array(windows * length * width);
  const y = new Float32Array(windows * horizon * targets.length);
  for (let w = 0; w < windows; w++) {
    const start = first + w * stride;
    if (inputs) copyColumns(data, features, inputs, [start, start + length], x, w * length * width);
    else x.set(data.subarray(start * features, (start + length) * features), w * length * features);
    const ahead = start + length;
    copyColumns(data, features, targets, [ahead, ahead + horizon], y, w * horizon * targets.length);
  }
  return new TensorDataset(
    { data: x, shape: [windows, length, width] },
    { data: y, shape: typeof target === "number" ? [windows, horizon] : [windows, horizon, targets.length] },
  );
}

/** Copies some columns of rows `from` to `to` of `[time, features]` into `out`, starting at `at`. */
function copyColumns(
  data: Float32Array,
  features: number,
  columns: readonly number[],
  [from, to]: readonly [number, number],
  out: Float32Array,
  at: number,
): void {
  for (let t = from, i = at; t < to; t++) {
    for (const column of columns) out[i++] = data[t * features + column]!;
  }
}

function checkColumn(where: string, name: string, column: unknown, features: number): void {
  const range = `a column from 0 to ${features - 1}`;
  checkNumber(where, name, column, range, (n) => Number.isInteger(n) && n >= 0 && n < features);
}

function checkColumns(where: string, name: string, columns: unknown): readonly number[] {
  if (Array.isArray(columns) && columns.length > 0 && new Set(columns).size === columns.length)
    return columns;
  throw new OptionError(
    `${where}: ${name} must be a list of different columns, one at least, got ${show(columns)}`,
  );
}
