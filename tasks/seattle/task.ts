/** The forecasting task: the maximum temperature of the next days, from the weather of the last days. */
import { data, type NDArray } from "webgpu-lstm";
import type { Weather } from "../series/weather.ts";
import { persistence, seasonal } from "./baselines.ts";

/** Days held out at the end (all of 2015), and the validation days before them (2014). */
const TEST_DAYS = 365;
const VALIDATION_DAYS = 365;

/** Settings of {@link forecastTask}. */
export interface TaskOptions {
  /** Days to forecast. */
  readonly horizon: number;
  /** Days the model looks back on. */
  readonly window: number;
}

/** The held-out days: measurements and baselines in °C, each `[windows, horizon]`. */
interface HeldOut {
  /** The first forecast day of each window. */
  readonly dates: readonly string[];
  readonly measured: data.Float64NDArray;
  readonly persistence: NDArray;
  readonly seasonal: NDArray;
}

/** The data of training and evaluation. The three data sets are scaled; `heldOut` is in °C. */
export interface ForecastTask extends TaskOptions {
  /** Features of an input: x is `[N, window, features]`, y is `[N, horizon]`. */
  readonly features: number;
  readonly train: data.TensorDataset;
  readonly validation: data.TensorDataset;
  readonly test: data.TensorDataset;
  /** Fitted on the training days alone. */
  readonly scaler: data.StandardScaler;
  readonly heldOut: HeldOut;
  /** A scaled forecast in °C. */
  celsius(prediction: NDArray): data.Float64NDArray;
}

/** Splits the years by time, scales by the training years, cuts windows, and computes the baselines of the held-out days. */
export function forecastTask(weather: Weather, { horizon, window }: TaskOptions): ForecastTask {
  const parts = data.chronologicalSplit(weather.series, {
    validation: VALIDATION_DAYS,
    test: TEST_DAYS,
    history: window,
  });
  const scaler = data.StandardScaler.fit(parts.train);
  const windows = (part: data.SeriesPart) => {
    return data.slidingWindows(scaler.transform(part), { length: window, horizon });
  };
  const celsius = (scaled: NDArray) => scaler.inverse(scaled, { column: 0 });
  const test = windows(parts.test);
  const origins = Array.from({ length: test.length }, (_, i) => parts.test.start + i);
  return {
    horizon,
    window,
    features: scaler.features,
    train: windows(parts.train),
    validation: windows(parts.validation),
    test,
    scaler,
    heldOut: {
      dates: origins.map((day) => weather.dates[day]!),
      measured: celsius(test.y),
      persistence: persistence(weather, origins, horizon),
      seasonal: seasonal(weather, origins, horizon, parts.test.start),
    },
    celsius,
  };
}
