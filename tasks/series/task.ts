/** A series and settings as a task for a model: makes windows, and converts forecasts to the series' unit. */
import { data, type NDArray } from "webgpu-lstm";
import { forecastTable } from "./forecast-table.ts";
import { seasonalMeans } from "./seasons.ts";
import type { Series } from "./series.ts";
import type { Settings } from "./settings.ts";

/** From the first step to the one after the last. */
export type Span = readonly [from: number, to: number];

/** A column of a row; a column that is not scaled has mean 0 and deviation 1. */
interface Column {
  readonly name: string;
  readonly mean: number;
  readonly deviation: number;
}

/** The root mean square of the changes that a model reads, and of those that it forecasts. */
interface Changes {
  readonly window: number;
  readonly forecast: number;
}

/** The rows from which windows are cut; a roll-out writes its forecasts into a copy. */
export interface Rows {
  /** `[time, features]`, scaled; column 0 is the target. */
  readonly scaled: Float32Array;
  /** The target as the model reads it: the value or its logarithm. */
  readonly target: Float64Array;
}

/**
 * A window is identified by its origin: the first step that it forecasts. A part has the origins whose
 * forecast steps all lie in the part; windows may begin before it.
 */
export class ForecastTask {
  readonly series: Series;
  readonly window: number;
  readonly horizon: number;
  readonly #change: boolean;
  /** Columns of a row: the target, the other columns, and sine and cosine of each calendar feature. */
  readonly features: number;
  /** Steps of the whole series. */
  readonly length: number;
  readonly train: Span;
  readonly validation: Span;
  readonly test: Span;
  readonly rows: Rows;
  /** What each column of a row is called, and its mean and deviation in the training part, with which rows are scaled. */
  readonly columns: readonly Column[];
  /** Mean and deviation of the target. */
  readonly #mean: number;
  readonly #deviation: number;
  /** The scales of changes, in a window and in a forecast. */
  #windowScale = 1;
  #forecastScale = 1;
  /** The usual value of each other column at a step; made at its first use. */
  readonly #usual: ((step: number) => number)[] = [];

  /** @throws Error for a series that is too short for the settings */
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
      target,
      ...columns.map((column) => column.values),
      ...(times && calendar.length > 0 ? [data.calendarFeatures(times, { features: calendar })] : []),
    ]);
    this.features = raw.shape[1]!;
    const known = { data: raw.data.subarray(0, trainEnd * this.features), shape: [trainEnd, this.features] };
    const scaler = data.StandardScaler.fit(known);
    const names = [
      log ? `log(${series.quantity})` : series.quantity,
      ...columns.map(({ name }) => name),
      ...(times ? calendar.flatMap((feature) => [`sine of ${feature}`, `cosine of ${feature}`]) : []),
    ];
    this.columns = names.map((name, k) => ({
      name,
      mean: series.scaled ? scaler.mean[k]! : 0,
      deviation: series.scaled ? scaler.std[k]! : 1,
    }));
    this.#mean = this.columns[0]!.mean;
    this.#deviation = this.columns[0]!.deviation;
    this.rows = { scaled: Float32Array.from((series.scaled ? scaler.transform(raw) : raw).data), target };
    if (this.#change && series.scaled) this.#fitChanges();
  }

  /** By what changes are divided; undefined for a model of levels. */
  get changes(): Changes | undefined {
    return this.#change ? { window: this.#windowScale, forecast: this.#forecastScale } : undefined;
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

  /** The windows of a part with their targets, for training. */
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

  /** The true values after each origin, `[origins, horizon]`, in the series' unit. */
  actual(origins: readonly number[]): NDArray {
    return this.table(origins, (origin, ahead) => this.series.values[origin + ahead]!);
  }

  /** A forecast `[origins, horizon]` from a function of the origin and the number of steps after it. */
  table(origins: readonly number[], value: (origin: number, ahead: number) => number): NDArray {
    return forecastTable(origins, this.horizon, value);
  }

  /** Converts a model's output for some origins to the series' unit. */
  inUnits({ data: output, shape }: NDArray, origins: readonly number[], rows: Rows = this.rows): NDArray {
    const values = output.map((value, i) => {
      const last = rows.target[origins[Math.floor(i / this.horizon)]! - 1]!;
      return this.#inUnit(value, last, this.#forecastScale);
    });
    return { data: values, shape };
  }

  /** Values after an origin, relative as in {@link inputs}, in the series' unit. */
  fromRelative(values: Float32Array, origin: number, rows: Rows): Float32Array<ArrayBuffer> {
    const last = rows.target[origin - 1]!;
    return Float32Array.from(values, (value) => this.#inUnit(value, last, this.#windowScale));
  }

  /** @param last The target that changes are added to; @param scale what they are multiplied by */
  #inUnit(value: number, last: number, scale: number): number {
    const target = this.#change ? last + value * scale : value * this.#deviation + this.#mean;
    return this.series.log ? Math.exp(target) : target;
  }

  /** The rows of a series of which some values are changed. */
  rowsWith(changed: ReadonlyMap<number, number>): Rows {
    if (changed.size === 0) return this.rows;
    const rows = { scaled: this.rows.scaled.slice(), target: this.rows.target.slice() };
    for (const [step, value] of changed) this.#write(rows, step, value);
    return rows;
  }

  /**
   * Writes a forecast (in the series' unit) as the value of an unknown step. The row keeps its calendar, which is known; the
   * other columns get their usual values ({@link seasonalMeans}).
   */
  believe(rows: Rows, step: number, value: number): void {
    const { features } = this;
    this.#write(rows, step, value);
    this.series.columns.forEach((_, k) => {
      this.#usual[k] ??= this.#usualOf(k);
      rows.scaled[step * features + 1 + k] = this.#usual[k](step);
    });
  }

  #write(rows: Rows, step: number, value: number): void {
    const target = this.series.log ? Math.log(value) : value;
    rows.target[step] = target;
    rows.scaled[step * this.features] = (target - this.#mean) / this.#deviation;
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

  /** Scales changes by their root mean square in the training part. */
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
