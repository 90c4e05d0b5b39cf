/** Errors of forecasts. */
import type { data, NDArray } from "webgpu-lstm";

/** Mean absolute error and root mean squared error, in the unit of the forecast. */
interface Score {
  readonly mae: number;
  readonly rmse: number;
}

/** The errors over all forecasts, and for each day ahead. */
export interface Errors extends Score {
  readonly perDay: readonly Score[];
}

/** Errors of `forecast` against `measured`, both `[windows, horizon]`. */
export function errorsOf(
  forecast: NDArray | data.Float64NDArray,
  measured: NDArray | data.Float64NDArray,
): Errors {
  if (String(forecast.shape) !== String(measured.shape) || forecast.shape.length !== 2) {
    throw new Error(
      `errorsOf: forecast and measured must have the same shape [windows, horizon], ` +
        `got [${forecast.shape}] and [${measured.shape}]`,
    );
  }
  const horizon = measured.shape[1]!;
  const off = Float64Array.from(measured.data, (value, i) => forecast.data[i]! - value);
  return {
    ...scoreOf(off),
    perDay: Array.from({ length: horizon }, (_, day) => scoreOf(off.filter((_, i) => i % horizon === day))),
  };
}

function scoreOf(off: Float64Array): Score {
  const mean = (f: (e: number) => number) => off.reduce((sum, e) => sum + f(e), 0) / off.length;
  return { mae: mean(Math.abs), rmse: Math.sqrt(mean((e) => e * e)) };
}
