import {
  checkFinite,
  DataError,
  DisposedError,
  GraphError,
  OptionError,
  ShapeError,
  show,
} from "../errors.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { runInputChecks } from "../graph/input-checks.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { NDArray, Shape } from "../shape.ts";
import { showShape, sizeOf } from "../shape.ts";
import { describeProgram } from "./describe.ts";
import { InFlight } from "./in-flight.ts";
import type { Optimizer } from "./optimizer.ts";
import { Program, type ProgramSource } from "./program.ts";
import { Result, ScalarHistory } from "./result.ts";
import type { StepRandom } from "./step-random.ts";

/** A value for an input: numbers in row-major order, with their shape or without, or a result of an earlier run. */
export type InputValue = Float32Array | IntegerArray | NDArray | IntegerNDArray | Result;

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

/** A traced function as it becomes a program, and the parameters that must be there when it runs. */
export interface StepSource extends ProgramSource {
  readonly parameters: ReadonlySet<Parameter>;
}

/** One program for one set of input shapes. */
interface Variant {
  readonly program: Program;
  readonly parameters: ReadonlySet<Parameter>;
  readonly history: ScalarHistory;
}

/**
 * A traced function, planned for its input shapes. Every run replays the same static program; input shapes not seen before are
 * planned when they first come, so that a last short batch just works.
 */
export class CompiledStep<Names extends string = string> {
  readonly #context: GpuContext;
  readonly #inputs: InputShapes;
  readonly #build: (shapes: InputShapes) => StepSource;
  readonly #optimizer: Optimizer | null;
  readonly #random: StepRandom;
  readonly #variants = new Map<string, Variant>();
  #disposed = false;
  readonly #inFlight: InFlight;

  /** @internal */
  constructor(
    context: GpuContext,
    inputs: InputShapes,
    optimizer: Optimizer | null,
    random: StepRandom,
    build: (shapes: InputShapes) => StepSource,
    declared: StepSource,
  ) {
    this.#context = context;
    this.#inFlight = new InFlight(context);
    this.#inputs = inputs;
    this.#optimizer = optimizer;
    this.#random = random;
    this.#build = build;
    this.#add(inputs, declared);
  }

  /**
   * Runs the step once and returns its results without waiting for them.
   * @param values One value for every input. A `Float32Array` without a shape that does not fit the declared one is
   * taken as another number of rows.
   * @throws {@link ShapeError}, {@link OptionError} or {@link DataError} (NaN, infinity) before anything has run.
   */
  run(values: Readonly<Record<string, InputValue>>): Record<Names, Result> {
    this.#check("step.run");
    const shapes = this.#shapesOf(values);
    const data = Object.keys(this.#inputs).map((name) => [name, this.#dataOf(name, values[name]!)] as const);
    const { program, history, parameters } = this.#variant(shapes);
    for (const parameter of parameters) {
      if (parameter.disposed) {
        throw new DisposedError(
          "step.run: the step's model was disposed; build a new one and compile a step for it",
        );
      }
    }
    for (const [name, value] of data) {
      if (value instanceof Float32Array) {
        runInputChecks(`step.run: input ${name}`, program.source.inputs.get(name)!, value);
      }
    }
    for (const [name, value] of data) program.writeInput(name, value);
    const { update } = program.source;
    if (update) history.begin(update.optimizer.beginStep(update.parameters));
    const run = program.runs;
    program.replay();
    this.#random.runs++;
    this.#inFlight.add();
    const results = [...program.source.outputs.keys()].map((name) => [
      name,
      new Result(program, history, name, run),
    ]);
    return Object.fromEntries(results) as Record<Names, Result>;
  }

  /**
   * Settles when few enough runs are in flight for another one. A training loop awaits it before each run, so that the GPU's
   * queue stays short; it settles at once unless the GPU is behind.
   */
  ready(): Promise<void> {
    return this.#inFlight.ready();
  }

  /** The dispatches of the program for the declared input shapes, as a table. */
  describe(): string {
    this.#check("step.describe");
    return describeProgram(this.#variant(this.#inputs).program);
  }

  /** Live bytes of all programs of this step; parameters, gradients and optimizer state are the model's. */
  get bytes(): number {
    return [...this.#variants.values()].reduce((sum, { program }) => sum + program.bytes, 0);
  }

  /** The program for the declared input shapes. @internal */
  get program(): Program {
    this.#check("step.program");
    return this.#variant(this.#inputs).program;
  }

  /** Frees the GPU memory of every program of this step. Parameters stay. */
  dispose(): void {
    this.#disposed = true;
    for (const { program } of this.#variants.values()) program.dispose();
    this.#variants.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #check(where: string): void {
    this.#context.check(where);
    if (this.#disposed) throw new DisposedError(`${where}: the step was disposed; compile it again`);
  }

  /** A program is for its input shapes, and for the optimizer as it was planned for. */
  #key(shapes: InputShapes, planKey: string | undefined): string {
    return JSON.stringify([planKey, ...Object.keys(this.#inputs).map((name) => shapes[name])]);
  }

  #variant(shapes: InputShapes): Variant {
    const known = this.#variants.get(this.#key(shapes, this.#optimizer?.planKey));
    return known ?? this.#add(shapes, this.#build(shapes));
  }

  #add(shapes: InputShapes, source: StepSource): Variant {
    const program = this.#context.allOrNothing(() => new Program(this.#context, source));
    const variant = { program, parameters: source.parameters, history: new ScalarHistory(program) };
    this.#variants.set(this.#key(shapes, source.update?.planKey), variant);
    return variant;
  }

  #shapesOf(values: Readonly<Record<string, InputValue>>): InputShapes {
    const names = Object.keys(this.#inputs);
    if (typeof values !== "object" || values === null) {
      throw new OptionError(`step.run: expected { ${names.join(", ")} }, got ${show(values)}`);
    }
    for (const name of Object.keys(values)) {
      if (!names.includes(name)) {
        throw new OptionError(`step.run: unknown input ${show(name)}; the inputs are ${names.join(", ")}`);
      }
    }
    return Object.fromEntries(
      names.map((name) => [name, shapeOfInput(name, values[name], this.#inputs[name]!)]),
    );
  }

  #dataOf(name: string, value: InputValue): Float32Array | BufferRange {
    if (value instanceof Result) return value.range(`step.run: input ${name}`, this.#context);
    const data = toFloats(name, ArrayBuffer.isView(value) ? value : value.data);
    checkFinite("step.run", `input ${name}`, data);
    return data;
  }
}

/** Whether a value is a typed array of numbers that an input can take; doubles would be rounded. */
function isNumbers(value: unknown): value is Float32Array | IntegerArray {
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return false;
  return !(value instanceof Float64Array || value instanceof BigUint64Array);
}

/** Integers up to here are exact in float32. */
const LARGEST_INTEGER = 2 ** 24;

function toFloats(name: string, values: Float32Array | IntegerArray): Float32Array {
  if (values instanceof Float32Array) return values;
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

/** Throws unless the declared input shapes are usable. */
export function checkInputShapes(inputs: unknown): InputShapes {
  if (typeof inputs !== "object" || inputs === null || Object.keys(inputs).length === 0) {
    throw new OptionError(
      `device.compile: inputs must name at least one input with its shape, got ${show(inputs)}`,
    );
  }
  for (const [name, shape] of Object.entries(inputs)) {
    if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size > 0)) {
      throw new ShapeError(
        `device.compile: the shape of input ${name} must be an array of positive integers, got ${show(shape)}`,
      );
    }
  }
  return inputs as InputShapes;
}

/** Throws a GraphError unless a traced function's result names at least one tensor. */
export function checkResults(results: unknown): asserts results is Readonly<Record<string, unknown>> {
  if (typeof results !== "object" || results === null || Object.keys(results).length === 0) {
    throw new GraphError(
      `device.compile: the traced function must return an object of tensors like { loss, pred }, got ${show(results)}`,
    );
  }
}
