import {
  fromNested,
  isNumbers,
  type NestedNumbers,
  type NumberNDArray,
  type Numbers,
  toFloat32,
} from "../arrays.ts";
import { checkBoolean, checkFinite, checkInteger, checkOptions, show } from "../checks.ts";
import { Device } from "../device.ts";
import { DisposedError, OptionError, ShapeError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Module } from "../nn/module.ts";
import { leavesOf, rebuild } from "../nn/state-tree.ts";
import { inMode, recurrentLayersOf, type StatefulModel } from "../nn/stateful.ts";
import type { CompiledStep } from "../run/step.ts";
import { checkShape, type NDArray, type Shape, showShape, sizeOf } from "../shape.ts";
import { planStream, type StateSlot } from "./plan.ts";

/** Options of {@link Stream.open}. */
export interface StreamOptions {
  /** Number of independent streams in one step, N. Default 1. */
  readonly streams?: number;
  /**
   * Shape of one stream's value at one step: `[32]` for 32 features, `[]` for an index that goes into an Embedding. By default
   * `[model.inputSize]`.
   */
  readonly input?: Shape;
  /** Whether the model takes [N, T, …] and not [T, N, …]. By default as its first recurrent layer. */
  readonly batchFirst?: boolean;
}

/** The values of one step, [N, …]: stream after stream, or arrays of arrays. */
export type StepValues = Numbers | NumberNDArray | NestedNumbers;

/** Steps that may be under way at a time; one more waits for the first of them. */
const IN_FLIGHT = 8;

/**
 * Runs a model one time step at a time, with its state on the GPU. The output of a step is what `model.forward` over the whole sequence
 * gives at that step. A step is one submission and one read; after the first nothing is compiled, allocated or bound.
 *
 * @example
 * const stream = await Stream.open(device, model, { streams: 16, input: [8] });
 * const { data } = await stream.step(samples);  // 16 × 8 values in, [16, outputs] out
 * stream.reset([3]);                            // stream 3 starts from zero with the next step
 * stream.dispose();
 */
export class Stream {
  /** Independent streams, N. */
  readonly streams: number;
  /** Shape of a step's input: [N, …]. */
  readonly inputShape: Shape;
  /** Shape of a step's output: [N, …]. */
  readonly outputShape: Shape;
  readonly #device: Device;
  readonly #step: CompiledStep;
  readonly #slots: ReadonlyMap<string, StateSlot>;
  readonly #zeros: Float32Array;
  /** Streams whose state is set to zero before the next step. */
  #fresh = new Set<number>();
  /** Steps under way, the earliest first. */
  #pending: Promise<unknown>[] = [];
  #disposed = false;

  private constructor(
    device: Device,
    step: CompiledStep,
    shapes: { readonly input: Shape; readonly output: Shape },
    slots: ReadonlyMap<string, StateSlot>,
  ) {
    this.#device = device;
    this.#step = step;
    this.#slots = slots;
    this.streams = shapes.output[0]!;
    this.inputShape = shapes.input;
    this.outputShape = shapes.output;
    this.#zeros = new Float32Array(Math.max(...[...slots.values()].map(({ shape }) => sizeOf(shape))));
    step.program.staging.reserve(IN_FLIGHT, sizeOf(shapes.output));
  }

  /**
   * Compiles one step of `model`, in evaluation mode. Streams start from a state of zero.
   * @param model Its `forward(x, state)` returns `{ output, state }`; the state is a tensor, or tensors in objects and arrays.
   * @throws {@link OptionError} for a bidirectional model or an input of unknown shape, {@link GraphError} or
   * {@link ShapeError} for a model that does not pass its state through.
   */
  static async open(device: Device, model: StatefulModel, options: StreamOptions = {}): Promise<Stream> {
    const where = "Stream.open";
    if (!(device instanceof Device)) {
      throw new OptionError(`${where}: the first argument must be a Device, got ${show(device)}`);
    }
    device.check(where);
    if (!(model instanceof Module) || typeof model.forward !== "function") {
      throw new OptionError(
        `${where}: the model must extend nn.Module and have forward(x, state), got ${show(model)}`,
      );
    }
    checkOptions(where, options, ["streams", "input", "batchFirst"]);
    const { streams = 1 } = options;
    checkInteger(where, "streams", streams);
    const layers = recurrentLayersOf(where, model);
    const { batchFirst = layers[0]?.batchFirst ?? false } = options;
    checkBoolean(where, "batchFirst", batchFirst);
    const { inputSize } = model as { readonly inputSize?: unknown };
    const input = options.input ?? (typeof inputSize === "number" ? [inputSize] : undefined);
    if (input === undefined) {
      throw new OptionError(
        `${where}: what does one step of ${model.constructor.name} take? Give its shape for one stream: { input: [features] }, ` +
          "or [] for an index",
      );
    }
    checkShape(`${where}: input`, input);

    const plan = inMode(where, model, false, () => planStream(where, model, streams, input, batchFirst));
    const shapes = Object.fromEntries([...plan.slots].map(([name, { shape }]) => [name, shape]));
    const step = await device.compile(
      (inputs: Readonly<Record<string, Tensor>>) =>
        inMode(where, model, false, () => {
          const before = rebuild(plan.state, (path) => inputs[path]!);
          const { output, state } = model.forward(inputs.x!, before);
          return { ...Object.fromEntries(leavesOf(where, state)), output };
        }),
      {
        inputs: { x: plan.input, ...shapes },
        carry: Object.fromEntries([...plan.slots.keys()].map((name) => [name, name])),
      },
    );
    return new Stream(device, step, { input: [streams, ...input], output: plan.output }, plan.slots);
  }

  /**
   * Takes the next value of every stream and gives the model's output for that step. Calls may overlap: they run, and settle, in the
   * order in which they are made.
   * @param values [N, …], or its numbers alone. The array can be used again at once.
   * @returns [N, …]
   * @throws {@link ShapeError} or {@link DataError}; the state has not changed then.
   */
  async step(values: StepValues): Promise<NDArray> {
    this.#check("Stream.step");
    let data = this.#numbersOf(values);
    const fresh = this.#fresh;
    this.#fresh = new Set();
    // A step waits for the one IN_FLIGHT before it; none overtakes another.
    const ahead = this.#pending[this.#pending.length - IN_FLIGHT];
    if (ahead) data = data.slice();
    const answer = ahead ? ahead.then(() => this.#start(data, fresh)) : this.#start(data, fresh);
    const before = this.#pending[this.#pending.length - 1];
    const settled = Promise.allSettled([before, answer]);
    this.#pending.push(settled);
    void settled.then(() => this.#pending.shift());
    if (before) await before;
    return { shape: this.outputShape, data: (await answer).data };
  }

  /**
   * Sets streams' states to zero before the step that is called next; steps under way are not affected.
   * @param streams Their numbers, from 0. Default: all.
   */
  reset(streams?: readonly number[]): void {
    this.#check("Stream.reset");
    if (streams !== undefined && !Array.isArray(streams)) {
      throw new OptionError(
        `Stream.reset: expected an array of stream numbers, or nothing for all, got ${show(streams)}`,
      );
    }
    const rows: readonly number[] = streams ?? Array.from({ length: this.streams }, (_, row) => row);
    for (const row of rows) {
      if (Number.isInteger(row) && row >= 0 && row < this.streams) continue;
      throw new OptionError(
        `Stream.reset: a stream's number must be an integer from 0 to ${this.streams - 1}, got ${show(row)}`,
      );
    }
    for (const row of rows) this.#fresh.add(row);
  }

  /** The dispatches of one step, as a table. */
  async describe(): Promise<string> {
    this.#check("Stream.describe");
    return this.#step.describe();
  }

  /** Frees the state and the step's memory; steps under way are rejected. The model and its parameters stay. */
  dispose(): void {
    this.#disposed = true;
    this.#step.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #check(where: string): void {
    if (this.#disposed) throw new DisposedError(`${where}: the stream was disposed; open another one`);
    this.#device.check(where);
  }

  #numbersOf(values: StepValues): Float32Array {
    const where = "Stream.step";
    const array = fromNested(where, "the step's values", values);
    const data: unknown = isNumbers(array) ? array : (array as Partial<NumberNDArray> | null)?.data;
    const size = sizeOf(this.inputShape);
    if (!isNumbers(data)) {
      throw new OptionError(
        `${where}: expected ${size} numbers in an array, or { data, shape }, got ${show(values)}`,
      );
    }
    if (data.length !== size) {
      throw new ShapeError(
        `${where}: a step takes ${showShape(this.inputShape)}, ${size} values, got ${data.length}`,
      );
    }
    const floats = toFloat32(where, "the step's values", data);
    checkFinite(where, "the step's values", floats);
    return floats;
  }

  #start(data: Float32Array, fresh: ReadonlySet<number>): Promise<NDArray> {
    this.#check("Stream.step");
    if (fresh.size > 0) this.#clear(fresh);
    return this.#step.ask({ x: data }, "output");
  }

  /** Writes zeros over the states of some streams. */
  #clear(rows: ReadonlySet<number>): void {
    const { program } = this.#step;
    for (const [name, { shape, dim }] of this.#slots) {
      const outer = sizeOf(shape.slice(0, dim));
      const inner = sizeOf(shape.slice(dim + 1));
      if (rows.size === this.streams) {
        program.writeInput(name, this.#zeros.subarray(0, sizeOf(shape)));
        continue;
      }
      for (let block = 0; block < outer; block++) {
        for (const row of rows) {
          program.writeInput(name, this.#zeros.subarray(0, inner), (block * this.streams + row) * inner);
        }
      }
    }
  }
}
