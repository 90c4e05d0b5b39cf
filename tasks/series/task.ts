/** A series and settings as a task for a model: windows in, forecasts out, and back in the series' own unit. */
import { data, type NDArray } from "webgpu-lstm";
import { forecastTable } from "./forecast-table.ts";
import { seasonalMeans } from "./seasons.ts";
import type { Series } from "./series.ts";
import type { Settings } from "./settings.ts";

/** From the first step to one past the last. */
export type Span = readonly [from: number, to: number];

/** The rows of a series as a window is cut from them; a roll-out appends its own. */
export interface Rows {
  /** `[time, features]`, scaled; column 0 is the target. */
  readonly scaled: Float32Array;
  /** The target as the model takes it: the value or its logarithm. */
  readonly target: Float64Array;
}

/**
 * Everything is counted by origins: the origin of a window is the first step that it forecasts. A part's origins are those whose
 * forecast steps all lie in the part; windows reach back over its start.
 */
export class ForecastTask {
  readonly series: Series;
  readonly window: number;
  readonly horizon: number;
  readonly #change: boolean;
  /** Columns of a window's row: the target, the other columns, sine and cosine of each calendar feature. */
  readonly features: number;
  /** Steps of the whole series. */
  readonly length: number;
  readonly train: Span;
  readonly validation: Span;
  readonly test: Span;
  readonly rows: Rows;
  /** Of the target. */
  readonly #mean: number;
  readonly #deviation: number;
  /** What a change is divided by, in a window and in a forecast. */
  #windowScale = 1;
  #forecastScale = 1;
  /** Of the other columns, what is usual at a step; made when first asked for. */
  readonly #usual: ((step: number) => number)[] = [];

  /** @throws Error for a series that is too short for the settings; what the page offers never is. */
  constructor(series: Series, { window, horizon, goal }: Pick<Settings, "window" | "horizon" | "goal">) {
    const { values, columns, calendar, times, validation, test, log } = series;
    this.series = series;
    this.window = window;
    this.horizon = horizon;
    this.#change = goal === "change";
    this.length = values.length;
    const trainEnd = this.length - validation - test;
    this.train = [window, trainEnd];
    this.validation = [trainEnd, trainEnd + validation];
    this.test = [trainEnd + validation, this.length];
    for (const span of [this.train, this.validation, this.test]) {
      if (span[1] - span[0] >= horizon) continue;
      throw new Error(
        `${this.length} steps are too few for a window of ${window} and a horizon of ${horizon} steps.`,
      );
    }

    const target = Float64Array.from(values, (value) => (log ? Math.log(value) : value));
    const raw = data.columnStack([
      Float32Array.from(target),
      ...columns.map((column) => Float32Array.from(column.values)),
      ...(times && calendar.length > 0 ? [data.calendarFeatures(times, { features: calendar })] : []),
    ]);
    this.features = raw.shape[1]!;
    const known = { data: raw.data.subarray(0, trainEnd * this.features), shape: [trainEnd, this.features] };
    const scaler = data.StandardScaler.fit(known);
    this.#mean = series.scaled ? scaler.mean[0]! : 0;
    this.#deviation = series.scaled ? scaler.std[0]! : 1;
    this.rows = { scaled: series.scaled ? scaler.transform(raw).data : raw.data, target };
    if (this.#change && series.scaled) this.#fitChanges();
  }

  /** The origins of a part. */
  origins([from, to]: Span): number[] {
    return Array.from({ length: to - from - this.horizon + 1 }, (_, i) => from + i);
  }

  /** The windows before some origins, `[origins, window, features]`. */
  inputs(origins: readonly number[], rows: Rows = this.rows): NDArray {
    const { window, features } = this;
    const size = window * features;
    const x = new Float32Array(origins.length * size);
    origins.forEach((origin, i) => {
      x.set(rows.scaled.subarray((origin - window) * features, origin * features), i * size);
      if (!this.#change) return;
      const last = rows.target[origin - 1]!;
      for (let t = 0; t < window; t++) {
        x[i * size + t * features] = (rows.target[origin - window + t]! - last) / this.#windowScale;
      }
    });
    return { data: x, shape: [origins.length, window, features] };
  }

  /** Windows and what followed them, as a model is trained on them. */
  dataset(span: Span): data.TensorDataset {
    const origins = this.origins(span);
    const y = new Float32Array(origins.length * this.horizon);
    origins.forEach((origin, i) => {
      for (let k = 0; k < this.horizon; k++) {
        y[i * this.horizon + k] = this.#scale(this.rows.target[origin + k]!, this.rows.target[origin - 1]!);
      }
    });
    return new data.TensorDataset(this.inputs(origins), {
      data: y,
      shape: [origins.length, this.horizon],
    });
  }

  /** What came in the steps of each origin, `[origins, horizon]`, in the series' unit. */
  actual(origins: readonly number[]): NDArray {
    return this.table(origins, (origin, ahead) => this.series.values[origin + ahead]!);
  }

  /** A forecast `[origins, horizon]` from a function of the origin and the number of steps after it. */
  table(origins: readonly number[], value: (origin: number, ahead: number) => number): NDArray {
    return forecastTable(origins, this.horizon, value);
  }

  /** A model's output for some origins, in the series' unit. */
  inUnits({ data: output, shape }: NDArray, origins: readonly number[], rows: Rows = this.rows): NDArray {
    const values = output.map((value, i) => {
      const last = rows.target[origins[Math.floor(i / this.horizon)]! - 1]!;
      const target = this.#change ? last + value * this.#forecastScale : value * this.#deviation + this.#mean;
      return this.series.log ? Math.exp(target) : target;
    });
    return { data: values, shape };
  }

  /**
   * Appends a value (in the series' unit) that is believed for a step that is not known: its row has the calendar, which is, and of the
   * other columns what is usual at that time ({@link seasonalMeans}).
   */
  believe(rows: Rows, step: number, value: number): void {
    const { features } = this;
    const target = this.series.log ? Math.log(value) : value;
    rows.target[step] = target;
    rows.scaled[step * features] = (target - this.#mean) / this.#deviation;
    this.series.columns.forEach((_, k) => {
      this.#usual[k] ??= this.#usualOf(k);
      rows.scaled[step * features + 1 + k] = this.#usual[k](step);
    });
  }

  #usualOf(column: number): (step: number) => number {
    const { features } = this;
    const scaled = Array.from(
      { length: this.train[1] },
      (_, t) => this.rows.scaled[t * features + 1 + column]!,
    );
    return seasonalMeans(this.series, scaled);
  }

  #scale(target: number, last: number): number {
    return this.#change ? (target - last) / this.#forecastScale : (target - this.#mean) / this.#deviation;
  }

  /** Changes have a size of their own, in the training part: root mean squares. */
  #fitChanges(): void {
    const { target } = this.rows;
    const origins = this.origins(this.train);
    const size = (steps: readonly number[]) => {
      let sum = 0;
      for (const origin of origins) {
        for (const step of steps) sum += (target[origin + step]! - target[origin - 1]!) ** 2;
      }
      return Math.sqrt(sum / (origins.length * steps.length)) || 1;
    };
    this.#windowScale = size(Array.from({ length: this.window }, (_, t) => t - this.window));
    this.#forecastScale = size(Array.from({ length: this.horizon }, (_, k) => k));
  }
}
