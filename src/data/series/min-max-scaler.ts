import { checkOptions, show } from "../../checks.ts";
import { DataError, OptionError } from "../../errors.ts";
import { checkSpread, checkStatistics, checkType, columnsOf, Scaler } from "./scaler.ts";
import type { Series } from "./series.ts";

/** What {@link MinMaxScaler.toJSON} writes. */
export interface MinMaxScalerJSON {
  /** Which class it restores. */
  readonly type: "MinMaxScaler";
  /** The least value of each column. */
  readonly min: readonly number[];
  /** The largest value of each column. */
  readonly max: readonly number[];
  /** What they are scaled to. */
  readonly range: readonly [number, number];
}

/** Options of {@link MinMaxScaler.fit}. */
export interface MinMaxOptions {
  /** Targets of the training part's smallest and largest value (default `[0, 1]`). */
  readonly range?: readonly [number, number];
}

/**
 * Scales each column so that the training part fills `range`. A constant column becomes the range's lower end.
 *
 * @example
 * const scaler = data.MinMaxScaler.fit(series); // each column from 0 to 1
 * const windows = data.slidingWindows(scaler.transform(series), { length: 20 });
 */
export class MinMaxScaler extends Scaler {
  /** The least value of each column. */
  readonly min: readonly number[];
  /** The largest value of each column. */
  readonly max: readonly number[];
  /** What they are scaled to. */
  readonly range: readonly [number, number];

  private constructor(min: readonly number[], max: readonly number[], range: readonly [number, number]) {
    super();
    this.min = min;
    this.max = max;
    this.range = range;
  }

  /** Learns each column's smallest and largest value from `[time, features]`, or from one feature's list. */
  static fit(series: Series, options: MinMaxOptions = {}, ...more: never[]): MinMaxScaler {
    const where = "MinMaxScaler.fit";
    checkOptions(where, options, ["range"], more);
    const range = checkRange(where, options.range ?? [0, 1]);
    const columns = columnsOf(where, series);
    const min = columns.map((column) => column.reduce((a, b) => Math.min(a, b)));
    const max = columns.map((column) => column.reduce((a, b) => Math.max(a, b)));
    checkSpread(
      where,
      "range",
      min.map((low, k) => (max[k]! > low ? (max[k]! - low) / (range[1] - range[0]) : 1)),
    );
    return new MinMaxScaler(min, max, range);
  }

  /** Restores a scaler from {@link toJSON}. */
  static fromJSON(json: MinMaxScalerJSON): MinMaxScaler {
    const where = "MinMaxScaler.fromJSON";
    checkType(where, json, "MinMaxScaler");
    checkStatistics(where, json.min, json.max);
    if (json.min.some((low, k) => low > json.max[k]!)) {
      throw new DataError(`${where}: min must not exceed max, got ${show(json.min)} and ${show(json.max)}`);
    }
    return new MinMaxScaler([...json.min], [...json.max], checkRange(where, json.range));
  }

  toJSON(): MinMaxScalerJSON {
    return { type: "MinMaxScaler", min: this.min, max: this.max, range: this.range };
  }

  get features(): number {
    return this.min.length;
  }

  protected affine(column: number) {
    const [low, high] = this.range;
    const min = this.min[column]!;
    const max = this.max[column]!;
    return { shift: min, stretch: max > min ? (max - min) / (high - low) : 1, base: low };
  }
}

function checkRange(where: string, range: readonly number[]): readonly [number, number] {
  const [low, high] = Array.isArray(range) ? range : [];
  if (range?.length !== 2 || !Number.isFinite(low) || !Number.isFinite(high) || !(low! < high!)) {
    throw new OptionError(`${where}: range must be [low, high] with low below high, got ${show(range)}`);
  }
  return [low!, high!];
}
