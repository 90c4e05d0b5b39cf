import {
  checkArray,
  checkNotEmpty,
  fromNested,
  isNDArray,
  type NestedNumbers,
  type NumberNDArray,
  toFloat64,
} from "../../arrays.ts";
import { checkFinite, show } from "../../checks.ts";
import { DataError, ShapeError } from "../../errors.ts";
import { type Float64NDArray, showShape } from "../../shape.ts";

/**
 * A time series: `[time, features]`, as an array with its shape or as rows in an array, or one feature as a list of numbers.
 * Whatever its type, functions of a series compute in float64; {@link slidingWindows} and {@link TensorDataset} round to float32.
 */
export type Series = NumberNDArray | ArrayLike<number> | NestedNumbers;

/**
 * Converts `series` to an array of shape `[time, features]`; a plain list of numbers or a rank-1 array becomes one feature.
 * Throws a {@link ShapeError} for any other rank and a {@link DataError} for an empty series, a NaN or an infinity.
 */
export function asSeries(where: string, series: Series): Float64NDArray {
  const { data, shape } = asArray(where, series);
  checkFinite(where, "series", data);
  if (shape.length === 1) return { data, shape: [shape[0]!, 1] };
  if (shape.length === 2) return { data, shape };
  throw new ShapeError(
    `${where}: series must be [time, features] or a plain list of numbers, got shape ${showShape(shape)}`,
  );
}

/** Converts arrays to float64 with their shape, whatever its rank, and lists as {@link fromLists}; none of them empty. */
function asArray(where: string, series: Series): Float64NDArray {
  if (isNDArray(series)) {
    checkArray(where, "series", series);
    checkNotEmpty(where, "series", series);
    return { data: toFloat64(where, "series", series.data), shape: series.shape };
  }
  return fromLists(where, "series", series);
}

/** Converts a list of numbers, NaN included, to one feature `[time, 1]`, and arrays of arrays to an array of their shape. */
export function fromLists(
  where: string,
  name: string,
  given: ArrayLike<number> | NestedNumbers,
): Float64NDArray {
  const list = fromNested(where, name, given);
  if (isNDArray(list)) return list as Float64NDArray;
  if (typeof list !== "object" || list === null || !Number.isInteger(list.length)) {
    throw new ShapeError(
      `${where}: series must be a list of numbers or an array with its shape, got ${show(list)}`,
    );
  }
  if (list.length === 0) throw new DataError(`${where}: series is empty`);
  return { data: toFloat64(where, name, list), shape: [list.length, 1] };
}
