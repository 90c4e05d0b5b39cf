import { checkFinite, show } from "./checks.ts";
import { DataError, ShapeError } from "./errors.ts";
import { type Float64NDArray, type NDArray, type Shape, showShape, sizeOf } from "./shape.ts";

/** Numbers on the host: a typed array or a plain one. Data functions compute with them in float64. */
export type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | readonly number[];

/** Numbers in row-major order, in any kind of array, and their shape. */
export interface NumberNDArray {
  /** The elements, in row-major order. */
  readonly data: Numbers;
  /** Their sizes, the outermost first. */
  readonly shape: Shape;
}

/** Numbers in arrays of arrays, all rows of one length: `[[1, 2, 3], [4, 5, 6]]`, or `[Float32Array, Float32Array]`. */
export type NestedNumbers = readonly (Numbers | NestedNumbers)[];

/** Integers up to here are exact in float32. */
const LARGEST_INTEGER = 2 ** 24;

/** Whether `value` has data and a shape, and is not a plain list of numbers. */
export function isNDArray(value: unknown): value is { readonly data: unknown; readonly shape: unknown } {
  return typeof value === "object" && value !== null && "data" in value && "shape" in value;
}

/** Throws a {@link ShapeError} unless `array` has numbers and a shape that they fill. */
export function checkArray(where: string, name: string, array: unknown): asserts array is NumberNDArray {
  const { data, shape } = (isNDArray(array) ? array : {}) as Partial<NumberNDArray>;
  if (!isNumbers(data) || !Array.isArray(shape)) {
    const got = isNDArray(array) ? `data ${show(data)} and shape ${show(shape)}` : show(array);
    throw new ShapeError(
      `${where}: ${name} must be { data, shape } with a typed array or an array of numbers, or arrays of arrays, got ${got}`,
    );
  }
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `${where}: ${name} of shape ${showShape(shape)} must have ${sizeOf(shape)} elements, got ${data.length}`,
    );
  }
}

/** Throws a {@link DataError} if `array` has no element. */
export function checkNotEmpty(where: string, name: string, { data, shape }: NumberNDArray): void {
  if (data.length === 0) throw new DataError(`${where}: ${name} is empty (${showShape(shape)})`);
}

/** Whether a value is an array, typed or plain. What a plain one has is not looked at. */
export function isNumbers(value: unknown): value is Numbers {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** Arrays of arrays as one array with its shape. Any other value is returned as it is. */
export function fromNested<V>(
  where: string,
  name: string,
  value: V,
): Exclude<V, NestedNumbers> | Float64NDArray | readonly number[] {
  if (!Array.isArray(value) || !isNumbers(value[0])) return value as Exclude<V, NestedNumbers>;
  const shape: number[] = [];
  for (let row: unknown = value; isNumbers(row); row = row[0]) shape.push(row.length);
  const data = new Float64Array(sizeOf(shape));
  let at = 0;
  const fill = (rows: unknown, dim: number): void => {
    if (!isNumbers(rows) || rows.length !== shape[dim]) {
      throw new ShapeError(
        `${where}: ${name} must have rows of one length, as its first ones have, ${showShape(shape)}, got ${show(rows)} in dim ${dim}`,
      );
    }
    if (dim < shape.length - 1) {
      for (const row of rows) fill(row, dim + 1);
    } else {
      data.set(toFloat64(where, name, rows), at);
      at += rows.length;
    }
  };
  fill(value, 0);
  return { data, shape };
}

function isBigInts(data: ArrayLike<unknown>): data is BigInt64Array | BigUint64Array {
  return data instanceof BigInt64Array || data instanceof BigUint64Array;
}

/**
 * The same numbers in float64; a Float64Array is not copied.
 * @throws ShapeError for an element that is not a number
 * @throws DataError for a 64-bit integer beyond ±2^53, which float64 does not have exactly
 */
export function toFloat64(where: string, name: string, data: Numbers | ArrayLike<number>): Float64Array {
  if (data instanceof Float64Array) return data;
  if (isBigInts(data)) {
    return Float64Array.from({ length: data.length }, (_, i) => {
      const value = Number(data[i]);
      if (Number.isSafeInteger(value)) return value;
      throw new DataError(
        `${where}: ${name} must have integers from -2^53 to 2^53, got ${data[i]} at index ${i}; ` +
          "subtract an offset, or use a coarser unit",
      );
    });
  }
  if (!ArrayBuffer.isView(data)) {
    for (let i = 0; i < data.length; i++) {
      if (typeof data[i] === "number") continue;
      throw new ShapeError(`${where}: ${name} must be a list of numbers, got ${show(data[i])} at index ${i}`);
    }
  }
  return Float64Array.from(data);
}

/**
 * Rounds values to float32, as the GPU reads them; a Float32Array is not copied. This is the last step of host data: nothing
 * is computed from the result.
 * @throws DataError for a value beyond float32's range
 */
export function roundToFloat32(where: string, name: string, data: Float32Array | Float64Array): Float32Array {
  if (data instanceof Float32Array) return data;
  const rounded = Float32Array.from(data);
  const beyond = rounded.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(data[i]));
  if (beyond < 0) return rounded;
  throw new DataError(
    `${where}: ${name} must be in float32's range, ±3.4e38, got ${data[beyond]} at index ${beyond}; scale the values first`,
  );
}

/**
 * Numbers in float32, for the GPU; a Float32Array is not copied. A NaN or an infinity stays one.
 * @throws ShapeError for an element that is not a number
 * @throws DataError for a value beyond float32's range, or an integer that float32 does not have
 */
export function toFloat32(where: string, name: string, data: Numbers): Float32Array {
  const values = data instanceof Float32Array ? data : toFloat64(where, name, data);
  if (isIntegers(data)) checkIntegers(where, name, values);
  return roundToFloat32(where, name, values);
}

/**
 * `array`, or arrays of arrays, in float32, for the GPU; a float32 array is returned as it is.
 * @throws ShapeError when its data does not fill its shape
 * @throws DataError when it is empty, or a value is NaN, infinite, or an integer that float32 does not have
 */
export function toSamples(where: string, name: string, given: unknown): NDArray {
  const array = fromNested(where, name, given);
  checkArray(where, name, array);
  checkNotEmpty(where, name, array);
  const data = toFloat32(where, name, array.data);
  checkFinite(where, name, data);
  return { data, shape: array.shape };
}

/** Whether the array's type says that its elements are integers too large for float32 at times: indices, times, counts. */
function isIntegers(data: Numbers): boolean {
  return data instanceof Int32Array || data instanceof Uint32Array || isBigInts(data);
}

function checkIntegers(where: string, name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(values[i]!) <= LARGEST_INTEGER) continue;
    throw new DataError(
      `${where}: ${name} must hold integers from -2^24 to 2^24, which float32 has exactly, got ${values[i]} at index ${i}; ` +
        "scale the values first, or pass a Float64Array to have them rounded",
    );
  }
}
