import { checkArray, isNDArray, type NumberNDArray, toFloat64 } from "../../arrays.ts";
import { checkFinite, checkInteger, checkOptions, show } from "../../checks.ts";
import { DataError, OptionError, ShapeError } from "../../errors.ts";
import { type Float64NDArray, type NDArray, type Shape, showShape } from "../../shape.ts";
import { asSeries, fromLists, type Series } from "./series.ts";

/** Options of {@link Scaler.transform} and {@link Scaler.inverse}. */
export interface ColumnOptions {
  /** Treat every element of the array as a value of this one column, whatever the array's shape. */
  readonly column?: number;
}

/** `scaled = (value - shift) / stretch + base`, for one column. */
interface Affine {
  readonly shift: number;
  readonly stretch: number;
  readonly base: number;
}

/** An array, or a {@link SeriesPart}, with its data in float64. */
export type InFloat64<A extends NumberNDArray> = Omit<A, "data"> & { readonly data: Float64Array };

/**
 * Shifts and scales each feature column by two numbers learned from the training part. Base class of
 * {@link StandardScaler} and {@link MinMaxScaler}. Statistics and arithmetic are float64.
 */
export abstract class Scaler {
  /** Features per time step. */
  abstract readonly features: number;
  /** The numbers by which a column is scaled. */
  protected abstract affine(column: number): Affine;

  /**
   * Scales `array`, whose last dimension is the features; with `column`, an array of any shape with values of that column
   * only. Returns a new array of the same shape; a {@link SeriesPart} stays one.
   *
   * The result is float64, except that a Float32Array gives float32, as in scikit-learn: samples stay samples.
   *
   * @throws DataError for a NaN or an infinity
   */
  transform<A extends NDArray | Float64NDArray>(array: A, options?: ColumnOptions): A;
  transform(array: Float32Array, options?: ColumnOptions): NDArray;
  transform(array: Series, options?: ColumnOptions): NDArray | Float64NDArray;
  transform(array: Series, options: ColumnOptions = {}): NDArray | Float64NDArray {
    const where = `${this.constructor.name}.transform`;
    const { values, isFloat32 } = inFloat64(where, array);
    checkFinite(where, "data", values.data);
    const affines = this.#affines(where, values.shape, options);
    const data = isFloat32 ? new Float32Array(values.data.length) : new Float64Array(values.data.length);
    values.data.forEach((value, i) => {
      const { shift, stretch, base } = affines[i % affines.length]!;
      data[i] = (value - shift) / stretch + base;
    });
    return { ...values, data } as NDArray | Float64NDArray;
  }

  /**
   * Inverse of {@link transform}, for data or forecasts: `inverse(prediction, { column: 0 })` converts a
   * forecast of column 0, of any shape, to that column's unit. The result is float64, since the unit's values may be far from zero.
   * A NaN stays a NaN.
   */
  inverse<A extends NumberNDArray>(array: A, options?: ColumnOptions): InFloat64<A>;
  inverse(array: ArrayLike<number>, options?: ColumnOptions): Float64NDArray;
  inverse(array: Series, options: ColumnOptions = {}): Float64NDArray {
    const where = `${this.constructor.name}.inverse`;
    const { values } = inFloat64(where, array);
    const affines = this.#affines(where, values.shape, options);
    const data = values.data.map((value, i) => {
      const { shift, stretch, base } = affines[i % affines.length]!;
      return (value - base) * stretch + shift;
    });
    return { ...values, data };
  }

  /** scikit-learn's name of {@link inverse}. @internal */
  get inverseTransform(): never {
    throw new OptionError(`${this.constructor.name}.inverseTransform: it is called inverse(array) here`);
  }

  /** The numbers of each column in turn; of one column only with `column`. */
  #affines(where: string, shape: Shape, options: ColumnOptions): readonly Affine[] {
    checkOptions(where, options, ["column"]);
    const { column } = options;
    if (column !== undefined) {
      checkInteger(where, "column", column, 0);
      if (column >= this.features) {
        throw new OptionError(`${where}: column must be from 0 to ${this.features - 1}, got ${column}`);
      }
      return [this.affine(column)];
    }
    if (shape.at(-1) !== this.features) {
      throw new ShapeError(
        `${where}: the last dimension must be the ${this.features} features the scaler was fitted on, ` +
          `got ${showShape(shape)}; for one column alone pass { column }`,
      );
    }
    return Array.from({ length: this.features }, (_, k) => this.affine(k));
  }
}

/** `array` in float64 with what else it has, whatever its rank; plain lists are one feature. NaN is allowed. */
function inFloat64(where: string, array: Series): { values: Float64NDArray; isFloat32: boolean } {
  if (!isNDArray(array)) {
    return { values: fromLists(where, "data", array), isFloat32: array instanceof Float32Array };
  }
  checkArray(where, "data", array);
  return {
    values: { ...array, data: toFloat64(where, "data", array.data) },
    isFloat32: array.data instanceof Float32Array,
  };
}

/** The columns of a training part, in float64. */
export function columnsOf(where: string, series: Series): Float64Array[] {
  const { data, shape } = asSeries(where, series);
  const features = shape[1]!;
  return Array.from({ length: features }, (_, k) =>
    Float64Array.from({ length: shape[0]! }, (_, t) => data[t * features + k]!),
  );
}

/** Throws unless every column can be divided by its spread. */
export function checkSpread(where: string, name: string, spreads: readonly number[]): void {
  const column = spreads.findIndex((spread) => !(spread > 0 && Number.isFinite(spread)));
  if (column < 0) return;
  throw new DataError(
    `${where}: column ${column} has values too far apart or too close together for float64: its ${name} comes out as ` +
      `${spreads[column]}; multiply the column by a constant first`,
  );
}

/** Throws unless both lists have a finite number for every column. */
export function checkStatistics(where: string, first: readonly number[], second: readonly number[]): void {
  const lists = [first, second];
  if (!lists.every(Array.isArray) || first.length === 0 || first.length !== second.length) {
    throw new DataError(`${where}: wants two lists of numbers of the same length, got ${show(lists)}`);
  }
  for (const list of lists) checkFinite(where, "statistics", list);
}

/** Throws unless `json` is of this class. */
export function checkType(where: string, json: { type: string }, type: string): void {
  if (typeof json !== "object" || json === null || json.type !== type) {
    throw new DataError(`${where}: wants an object with type ${show(type)}, got ${show(json?.type ?? json)}`);
  }
}
