import {
  fromNested,
  isNumbers,
  type NestedNumbers,
  type NumberNDArray,
  type Numbers,
  toFloat32,
} from "../arrays.ts";
import { isObject, show } from "../checks.ts";
import { OptionError, ShapeError } from "../errors.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type NDArray, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { Result } from "./result.ts";

/**
 * A value for an input: numbers in row-major order, with their shape or without; arrays of arrays; or a result of an earlier run. All
 * numbers become float32, which holds integers, such as class indices and lengths, exactly up to 2^24.
 */
export type InputValue = Numbers | NumberNDArray | NestedNumbers | Result;

/** Shapes of a step's inputs by name. */
export type InputShapes = Readonly<Record<string, Shape>>;

/** The inputs that a step is compiled for, by name: each as a shape, or as a sample value of that shape. */
export type CompileInputs = Readonly<Record<string, Shape | InputValue>>;

/** What a compiled function is given: a tensor for each input, by name. */
export type InputTensors<Inputs> = { readonly [K in keyof Inputs]: Tensor };

function shapeOfInput(name: string, value: unknown, declared: Shape): Shape {
  const wanted = `numbers in an array, { data, shape } or a Result for shape ${showShape(declared)}`;
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
    !shape.every((size) => Number.isInteger(size) && size > 0)
  ) {
    throw new ShapeError(
      `step.run: input ${name} must be ${wanted}, got shape ${showShape(shape)} with ${array.data.length} values`,
    );
  }
  return shape;
}

const unnested = (name: string, value: InputValue | undefined) =>
  fromNested("step.run", `input ${name}`, value);

/**
 * The input shapes of a run, and which inputs it writes.
 * @param declared The shapes that the step is compiled for.
 * @param carries Inputs that need no value, since the run before leaves them.
 */
export function shapesOfRun(
  declared: InputShapes,
  carries: ReadonlySet<string>,
  values: Readonly<Record<string, InputValue>>,
): { shapes: InputShapes; written: string[] } {
  const written = Object.keys(declared).filter((name) => !carries.has(name) || values?.[name] !== undefined);
  const wanted = Object.fromEntries(written.map((name) => [name, declared[name]!]));
  const shapes = shapesOf(wanted, values);
  if (carries.size === 0) return { shapes, written };
  for (const name of written) {
    if (sameShape(shapes[name]!, wanted[name]!)) continue;
    throw new ShapeError(
      `step.run: input ${name} must be ${showShape(wanted[name]!)}, got ${showShape(shapes[name]!)}; a step that ` +
        "carries results keeps its shapes: compile another step",
    );
  }
  return { shapes: declared, written };
}

/** The shape of every input's value. Throws for a missing or unknown input and for a value that does not fit its shape. */
function shapesOf(declared: InputShapes, values: Readonly<Record<string, InputValue>>): InputShapes {
  const names = Object.keys(declared);
  if (!isObject(values) || values instanceof Result) {
    throw new OptionError(`step.run: expected { ${names.join(", ")} }, got ${show(values)}`);
  }
  for (const name of Object.keys(values)) {
    if (!names.includes(name)) {
      throw new OptionError(`step.run: unknown input ${show(name)}; expected { ${names.join(", ")} }`);
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, shapeOfInput(name, unnested(name, values[name]), declared[name]!)]),
  );
}

/** The content of an input: numbers, or the place of a result on the GPU. */
export function dataOf(name: string, value: InputValue, context: GpuContext): Float32Array | BufferRange {
  if (value instanceof Result) return value.range(`step.run: input ${name}`, context);
  const given = unnested(name, value) as Numbers | NumberNDArray;
  return toFloat32("step.run", `input ${name}`, "data" in given ? given.data : given);
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
  const sample = fromNested("device.compile", `input ${name}`, given);
  if (ArrayBuffer.isView(sample) && isNumbers(sample) && sample.length > 0) return [sample.length];
  const { data, shape = sample } = (Array.isArray(sample) ? {} : (sample ?? {})) as Partial<NumberNDArray>;
  if (isShape(shape) && (data === undefined || (isNumbers(data) && data.length === sizeOf(shape)))) {
    return [...shape];
  }
  throw new ShapeError(
    `device.compile: input ${name} must be a shape, an array of positive integers, or a sample: a typed array ` +
      `that is not empty, arrays of arrays, or { data, shape } with as many values as its shape says; got ${show(given)}`,
  );
}
