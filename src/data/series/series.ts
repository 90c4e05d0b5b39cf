import { checkFinite, show } from "../../checks.ts";
import { DataError, ShapeError } from "../../errors.ts";
import { type NDArray, showShape, sizeOf } from "../../shape.ts";

/** A time series: `[time, features]`, or one feature as a plain list of numbers. */
export type Series = NDArray | ArrayLike<number>;

/** Whether `value` is a host array with a shape, and not a plain list of numbers. */
function isNDArray(value: unknown): value is NDArray {
  return typeof value === "object" && value !== null && "data" in value && "shape" in value;
}

/**
 * Throws unless `array` is an {@link NDArray} with at least one element, as many as its shape says, all finite.
 */
export function checkArray(where: string, name: string, array: unknown): asserts array is NDArray {
  if (!isNDArray(array) || !(array.data instanceof Float32Array) || !Array.isArray(array.shape)) {
    throw new ShapeError(`${where}: ${name} must be { data: Float32Array, shape }, got ${show(array)}`);
  }
  if (array.data.length !== sizeOf(array.shape)) {
    throw new ShapeError(
      `${where}: ${name} of shape ${showShape(array.shape)} must have ${sizeOf(array.shape)} elements, ` +
        `got ${array.data.length}`,
    );
  }
  if (array.data.length === 0) throw new DataError(`${where}: ${name} is empty (${showShape(array.shape)})`);
  checkFinite(where, name, array.data);
}

/**
 * Converts `series` to an array of shape `[time, features]`; a plain list of numbers or a rank-1 array becomes one feature.
 * Throws a {@link ShapeError} for any other rank and a {@link DataError} for an empty series, a NaN or an infinity.
 */
export function asSeries(where: string, series: Series): NDArray {
  if (isNDArray(series)) {
    checkArray(where, "series", series);
    const { data, shape } = series;
    if (shape.length === 1) return { data, shape: [shape[0]!, 1] };
    if (shape.length === 2) return series;
    throw new ShapeError(
      `${where}: series must be [time, features] or a plain list of numbers, got shape ${showShape(shape)}`,
    );
  }
  if (typeof series !== "object" || series === null || !Number.isInteger(series.length)) {
    throw new ShapeError(
      `${where}: series must be a list of numbers or an array with its shape, got ${show(series)}`,
    );
  }
  if (series.length === 0) throw new DataError(`${where}: series is empty`);
  for (let i = 0; i < series.length; i++) {
    if (typeof series[i] === "number") continue;
    throw new ShapeError(
      `${where}: series must be a list of numbers, got ${show(series[i])} at index ${i}; ` +
        "for several features pass { data: Float32Array, shape: [time, features] }",
    );
  }
  const data = series instanceof Float32Array ? series : Float32Array.from(series);
  checkFinite(where, "series", data);
  return { data, shape: [data.length, 1] };
}
