import { checkOptions, show } from "../../checks.ts";
import { DataError } from "../../errors.ts";
import { checkSpread, checkStatistics, checkType, columnsOf, Scaler } from "./scaler.ts";
import type { Series } from "./series.ts";

/** What {@link StandardScaler.toJSON} writes. */
export interface StandardScalerJSON {
  /** Which class it restores. */
  readonly type: "StandardScaler";
  /** The mean of each column. */
  readonly mean: readonly number[];
  /** The standard deviation of each column. */
  readonly std: readonly number[];
}

/**
 * Scales each column to mean 0 and standard deviation 1 (of the population, dividing by n). A constant column becomes 0.
 *
 * @example
 * const scaler = data.StandardScaler.fit(train);        // [time, features], the training part only
 * const windows = data.slidingWindows(scaler.transform(train), { length: 28 });
 * const celsius = scaler.inverse(forecast, { column: 0 });
 */
export class StandardScaler extends Scaler {
  /** The mean of each column. */
  readonly mean: readonly number[];
  /** The standard deviation of each column. */
  readonly std: readonly number[];

  private constructor(mean: readonly number[], std: readonly number[]) {
    super();
    this.mean = mean;
    this.std = std;
  }

  /**
   * Learns each column's mean and standard deviation from `[time, features]`, or from one feature's list.
   * @throws OptionError for options, of which it has none
   */
  static fit(
    series: Series,
    options: Readonly<Record<string, never>> = {},
    ...more: never[]
  ): StandardScaler {
    const where = "StandardScaler.fit";
    checkOptions(where, options, [], more);
    const columns = columnsOf(where, series);
    const mean = columns.map(meanOf);
    const std = columns.map((column, k) => {
      if (column.every((v) => v === column[0])) return 1;
      return Math.sqrt(column.reduce((sum, v) => sum + (v - mean[k]!) ** 2, 0) / column.length);
    });
    checkSpread(where, "standard deviation", std);
    return new StandardScaler(mean, std);
  }

  /** Restores a scaler from {@link toJSON}. */
  static fromJSON(json: StandardScalerJSON): StandardScaler {
    const where = "StandardScaler.fromJSON";
    checkType(where, json, "StandardScaler");
    checkStatistics(where, json.mean, json.std);
    if (json.std.some((s) => s <= 0))
      throw new DataError(`${where}: std must be positive, got ${show(json.std)}`);
    return new StandardScaler([...json.mean], [...json.std]);
  }

  toJSON(): StandardScalerJSON {
    return { type: "StandardScaler", mean: this.mean, std: this.std };
  }

  get features(): number {
    return this.mean.length;
  }

  protected affine(column: number) {
    return { shift: this.mean[column]!, stretch: this.std[column]!, base: 0 };
  }
}

/** The mean, corrected once by the mean of what is left: the first sum's rounding grows with the values' distance from zero. */
function meanOf(column: Float64Array): number {
  const mean = column.reduce((sum, v) => sum + v, 0) / column.length;
  return mean + column.reduce((sum, v) => sum + (v - mean), 0) / column.length;
}
