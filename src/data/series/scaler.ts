import { checkFinite, checkInteger, checkOptions, show } from "../../checks.ts";
import { DataError, OptionError, ShapeError } from "../../errors.ts";
import { type NDArray, showShape } from "../../shape.ts";
import { asSeries, type Series } from "./series.ts";

/** Options of {@link Scaler.transform} and {@link Scaler.inverse}. */
export interface ColumnOptions {
  /** Treat every element of the array as a value of this one column, whatever the array's shape. */
  readonly column?: number;
}

/**
 * Shifts and scales each feature column by two numbers learned from the training part. Base class of
 * {@link StandardScaler} and {@link MinMaxScaler}. Statistics are float64.
 */
export abstract class Scaler {
  /** Features per time step. */
  abstract readonly features: number;
  /** `scaled = (value - shift) / stretch + base`, for one column. */
  protected abstract affine(column: number): { shift: number; stretch: number; base: number };

  /**
   * Scales `array`, whose last dimension is the features; with `column`, an array of any shape with values of that column
   * only. Returns a new array of the same shape; a {@link SeriesPart} stays one.
   *
   * @throws DataError for a NaN or an infinity
   */
  transform<A extends NDArray>(array: A, options?: ColumnOptions): A;
  transform(array: ArrayLike<number>, options?: ColumnOptions): NDArray;
  transform(array: Series, options: ColumnOptions = {}): NDArray {
    const where = `${this.constructor.name}.transform`;
    const values = asArray(where, array);
    checkFinite(where, "data", values.data);
    return this.#map(where, values, options, (v, { shift, stretch, base }) => (v - shift) / stretch + base);
  }

  /**
   * Inverse of {@link transform}, for data or forecasts: `inverse(prediction, { column: 0 })` converts a
   * forecast of column 0, of any shape, to that column's unit. A NaN stays a NaN.
   */
  inverse<A extends NDArray>(array: A, options?: ColumnOptions): A;
  inverse(array: ArrayLike<number>, options?: ColumnOptions): NDArray;
  inverse(array: Series, options: ColumnOptions = {}): NDArray {
    const where = `${this.constructor.name}.inverse`;
    const values = asArray(where, array);
    return this.#map(where, values, options, (v, { shift, stretch, base }) => (v - base) * stretch + shift);
  }

  #map(
    where: string,
    array: NDArray,
    options: ColumnOptions,
    scale: (value: number, affine: ReturnType<Scaler["affine"]>) => number,
  ): NDArray {
    checkOptions(where, options, ["column"]);
    const { data, shape } = array;
    const { column } = options;
    if (column !== undefined) {
      checkInteger(where, "column", column, 0);
      if (column >= this.features) {
        throw new OptionError(`${where}: column must be from 0 to ${this.features - 1}, got ${column}`);
      }
    } else if (shape.at(-1) !== this.features) {
      throw new ShapeError(
        `${where}: the last dimension must be the ${this.features} features the scaler was fitted on, ` +
          `got ${showShape(shape)}; for one column alone pass { column }`,
      );
    }
    const affines = Array.from({ length: this.features }, (_, k) => this.affine(column ?? k));
    return { ...array, data: data.map((value, i) => scale(value, affines[i % this.features]!)) };
  }
}

/** Plain lists of numbers are one feature; arrays keep their shape, whatever its rank. */
function asArray(where: string, array: Series): NDArray {
  return "data" in array && "shape" in array ? array : asSeries(where, array);
}

/** The columns of a training part, in float64. */
function columnsOf(where: string, series: Series): Float64Array[] {
  const { data, shape } = asSeries(where, series);
  const features = shape[1]!;
  return Array.from({ length: features }, (_, k) =>
    Float64Array.from({ length: shape[0]! }, (_, t) => data[t * features + k]!),
  );
}

function checkStatistics(where: string, first: readonly number[], second: readonly number[]): void {
  const lists = [first, second];
  if (!lists.every(Array.isArray) || first.length === 0 || first.length !== second.length) {
    throw new DataError(`${where}: wants two lists of numbers of the same length, got ${show(lists)}`);
  }
  for (const list of lists) checkFinite(where, "statistics", list);
}

/** What {@link StandardScaler.toJSON} writes. */
export interface StandardScalerJSON {
  readonly type: "StandardScaler";
  readonly mean: readonly number[];
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
  readonly mean: readonly number[];
  readonly std: readonly number[];

  private constructor(mean: readonly number[], std: readonly number[]) {
    super();
    this.mean = mean;
    this.std = std;
  }

  /** Learns each column's mean and standard deviation from `[time, features]`, or from one feature's list. */
  static fit(series: Series): StandardScaler {
    const columns = columnsOf("StandardScaler.fit", series);
    const mean = columns.map((column) => column.reduce((sum, v) => sum + v, 0) / column.length);
    const std = columns.map((column, k) => {
      if (column.every((v) => v === column[0])) return 1;
      return Math.sqrt(column.reduce((sum, v) => sum + (v - mean[k]!) ** 2, 0) / column.length);
    });
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

/** What {@link MinMaxScaler.toJSON} writes. */
export interface MinMaxScalerJSON {
  readonly type: "MinMaxScaler";
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly range: readonly [number, number];
}

/** Options of {@link MinMaxScaler.fit}. */
export interface MinMaxOptions {
  /** Targets of the training part's smallest and largest value (default `[0, 1]`). */
  readonly range?: readonly [number, number];
}

/** Scales each column so that the training part fills `range`. A constant column becomes the range's lower end. */
export class MinMaxScaler extends Scaler {
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly range: readonly [number, number];

  private constructor(min: readonly number[], max: readonly number[], range: readonly [number, number]) {
    super();
    this.min = min;
    this.max = max;
    this.range = range;
  }

  /** Learns each column's smallest and largest value from `[time, features]`, or from one feature's list. */
  static fit(series: Series, options: MinMaxOptions = {}): MinMaxScaler {
    const where = "MinMaxScaler.fit";
    checkOptions(where, options, ["range"]);
    const range = checkRange(where, options.range ?? [0, 1]);
    const columns = columnsOf(where, series);
    const min = columns.map((column) => column.reduce((a, b) => Math.min(a, b)));
    const max = columns.map((column) => column.reduce((a, b) => Math.max(a, b)));
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

function checkType(where: string, json: { type: string }, type: string): void {
  if (typeof json !== "object" || json === null || json.type !== type) {
    throw new DataError(`${where}: wants an object with type ${show(type)}, got ${show(json?.type ?? json)}`);
  }
}
