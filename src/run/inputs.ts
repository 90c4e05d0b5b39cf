import { show } from "../checks.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { type NDArray, type Shape, showShape, sizeOf } from "../shape.ts";
import { Result } from "./result.ts";

/**
 * A value for an input: numbers in row-major order, with their shape or without, or a result of an earlier run. Doubles are rounded to
 * float32.
 */
export type InputValue =
  | Float32Array
  | Float64Array
  | IntegerArray
  | NDArray
  | { readonly data: Float64Array; readonly shape: Shape }
  | IntegerNDArray
  | Result;

/** Integers, such as class indices and lengths. On the GPU they are float32, which holds them exactly up to 2^24. */
export type IntegerArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array;

/** {@link IntegerArray} with its shape. */
export interface IntegerNDArray {
  readonly data: IntegerArray;
  readonly shape: Shape;
}

/** Shapes of a step's inputs by name. */
export type InputShapes = Readonly<Record<string, Shape>>;

/** The inputs that a step is compiled for, by name: each as a shape, or as a sample value of that shape. */
export type CompileInputs = Readonly<Record<string, Shape | InputValue>>;

/** Whether a value is a typed array of numbers that an input can take. */
function isNumbers(value: unknown): value is Float32Array | Float64Array | IntegerArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView || value instanceof BigUint64Array);
}

/** Integers up to here are exact in float32. */
const LARGEST_INTEGER = 2 ** 24;

function toFloats(name: string, values: Float32Array | Float64Array | IntegerArray): Float32Array {
  if (values instanceof Float32Array) return values;
  if (values instanceof Float64Array) return Float32Array.from(values);
  const floats = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (Math.abs(value) > LARGEST_INTEGER) {
      throw new DataError(
        `step.run: input ${name} must hold integers from -2^24 to 2^24, which float32 has exactly, got ${values[i]} at index ${i}`,
      );
    }
    floats[i] = value;
  }
  return floats;
}

function shapeOfInput(name: string, value: unknown, declared: Shape): Shape {
  const wanted = `a Float32Array or integer array, { data, shape } or a Result for shape ${showShape(declared)}`;
  if (value instanceof Result) {
    if (value.shape.length === declared.length) return value.shape;
    throw new ShapeError(
      `step.run: input ${name} must have the rank of ${showShape(declared)}, got result ${value.name} of shape ` +
        `${showShape(value.shape)}`,
    );
  }
  if (isNumbers(value)) {
    if (value.length === sizeOf(declared)) return declared;
    const rest = declared.slice(1);
    const rows = value.length / sizeOf(rest);
    if (declared.length === 0 || value.length === 0 || !Number.isInteger(rows)) {
      throw new ShapeError(
        `step.run: input ${name} of shape ${showShape(declared)} needs ${sizeOf(declared)} values, or a multiple of ` +
          `${sizeOf(rest)} for another number of rows, got ${value.length}`,
      );
    }
    return [rows, ...rest];
  }
  const array = value as Partial<NDArray> | undefined;
  if (!isNumbers(array?.data) || !Array.isArray(array?.shape)) {
    throw new OptionError(`step.run: input ${name} must be ${wanted}, got ${show(value)}`);
  }
  const shape = array.shape as Shape;
  if (
    shape.length !== declared.length ||
    sizeOf(shape) !== array.data.length ||
    shape.some((size) => size < 1)
  ) {
    throw new ShapeError(
      `step.run: input ${name} must be ${wanted}, got shape ${showShape(shape)} with ${array.data.length} values`,
    );
  }
  return shape;
}

/** The shape of every input's value. Throws for a missing or unknown input and for a value that does not fit its shape. */
export function shapesOf(declared: InputShapes, values: Readonly<Record<string, InputValue>>): InputShapes {
  const names = Object.keys(declared);
  if (typeof values !== "object" || values === null) {
    throw new OptionError(`step.run: expected { ${names.join(", ")} }, got ${show(values)}`);
  }
  for (const name of Object.keys(values)) {
    if (!names.includes(name)) {
      throw new OptionError(`step.run: unknown input ${show(name)}; the inputs are ${names.join(", ")}`);
    }
  }
  return Object.fromEntries(names.map((name) => [name, shapeOfInput(name, values[name], declared[name]!)]));
}

/** The content of an input: numbers, or the place of a result on the GPU. */
export function dataOf(name: string, value: InputValue, context: GpuContext): Float32Array | BufferRange {
  if (value instanceof Result) return value.range(`step.run: input ${name}`, context);
  return toFloats(name, ArrayBuffer.isView(value) ? value : value.data);
}

/** The shapes that a step is compiled for. Throws for a value that is neither a shape nor a sample. */
export function shapesOfSamples(inputs: unknown): InputShapes {
  if (typeof inputs !== "object" || inputs === null || Object.keys(inputs).length === 0) {
    throw new OptionError(
      `device.compile: inputs must name at least one input with its shape or a sample, got ${show(inputs)}`,
    );
  }
  return Object.fromEntries(
    Object.entries(inputs).map(([name, given]) => [name, shapeOfSample(name, given)]),
  );
}

/** A plain array is a shape; any value that `step.run` takes is a sample. */
function shapeOfSample(name: string, given: unknown): Shape {
  if (given instanceof Result) return given.shape;
  const isShape = (shape: unknown): shape is Shape =>
    Array.isArray(shape) && Array.from(shape).every((size) => Number.isInteger(size) && size > 0);
  if (isNumbers(given) && given.length > 0) return [given.length];
  const { data, shape = given } = (Array.isArray(given) ? {} : (given ?? {})) as Partial<NDArray>;
  if (isShape(shape) && (data === undefined || (isNumbers(data) && data.length === sizeOf(shape)))) {
    return [...shape];
  }
  throw new ShapeError(
    `device.compile: input ${name} must be a shape, an array of positive integers, or a sample: a Float32Array or integer ` +
      `array that is not empty, or { data, shape } with as many values as its shape says; got ${show(given)}`,
  );
}
