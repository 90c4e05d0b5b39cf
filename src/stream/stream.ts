import {
  fromNested,
  isNumbers,
  type NestedNumbers,
  type NumberNDArray,
  type Numbers,
  toFloat32,
} from "../arrays.ts";
import { checkFinite, show } from "../checks.ts";
import { Device, type RecoveryOptions } from "../device.ts";
import { DisposedError, OptionError, ShapeError, WebGpuLstmError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { leavesOf, rebuild } from "../nn/state-tree.ts";
import { inMode, type StatefulModel } from "../nn/stateful.ts";
import { OnDemand } from "../ondemand.ts";
import type { CompiledStep } from "../run/step.ts";
import { type NDArray, type Shape, showShape, sizeOf } from "../shape.ts";
import { checkStreamOptions, type StreamOptions } from "./options.ts";
import { planStream, type StateSlot } from "./plan.ts";
import type { KeptStream, StreamRecovery } from "./recovery.ts";

/** The values of one step, [N, …]: stream after stream, or arrays of arrays. */
export type StepValues = Numbers | NumberNDArray | NestedNumbers;

const recovery = /* @__PURE__ */ new OnDemand(() => import("./recovery.ts"));

/** What a stream is made of. */
interface StreamParts {
  readonly device: Device;
  readonly model: StatefulModel;
  readonly compile: (device: Device) => Promise<CompiledStep>;
  readonly step: CompiledStep;
}

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
  #device: Device;
  readonly #model: StatefulModel;
  /** Compiles the step for a device. */
  readonly #compile: (device: Device) => Promise<CompiledStep>;
  #step: CompiledStep;
  readonly #slots: ReadonlyMap<string, StateSlot>;
  /** Goes on when the device is lost; `null` if nothing does. */
  #recovery: StreamRecovery | null = null;
  readonly #zeros: Float32Array;
  /** Streams whose state is set to zero before the next step. */
  #fresh = new Set<number>();
  /** Steps under way, the earliest first. */
  #pending: Promise<unknown>[] = [];
  #disposed = false;

  private constructor(
    parts: StreamParts,
    shapes: { readonly input: Shape; readonly output: Shape },
    slots: ReadonlyMap<string, StateSlot>,
  ) {
    if (!(slots instanceof Map)) throw new OptionError("Stream: await Stream.open(device, model) gives one");
    const { device, model, compile, step } = parts;
    this.#device = device;
    this.#model = model;
    this.#compile = compile;
    this.#step = step;
    this.#slots = slots;
    this.streams = shapes.output[0]!;
    this.inputShape = shapes.input;
    this.outputShape = shapes.output;
    this.#zeros = new Float32Array(Math.max(...[...slots.values()].map(({ shape }) => sizeOf(shape))));
  }

  /** The device; another one after a loss that the stream has recovered from. */
  get device(): Device {
    return this.#device;
  }

  /**
   * Compiles one step of `model`, in evaluation mode. Streams start from a state of zero.
   * @param model Its `forward(x, state)` returns `{ output, state }`; the state is a tensor, or tensors in objects and arrays.
   * @throws {@link OptionError} for a bidirectional model or an input of unknown shape, {@link GraphError} or
   * {@link ShapeError} for a model that does not pass its state through.
   */
  static async open(device: Device, model: StatefulModel, options: StreamOptions = {}): Promise<Stream> {
    const where = "Stream.open";
    const { streams, input, batchFirst, weights, ...recovering } = checkStreamOptions(
      where,
      device,
      model,
      options,
    );
    const plan = inMode(where, model, false, () => planStream(where, model, streams, input, batchFirst));
    const shapes = Object.fromEntries([...plan.slots].map(([name, { shape }]) => [name, shape]));
    const compile = async (device: Device): Promise<CompiledStep> => {
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
          weights,
        },
      );
      step.program.staging.reserve(IN_FLIGHT, sizeOf(plan.output));
      return step;
    };
    const parts = { device, model, compile, step: await compile(device) };
    const stream = new Stream(parts, { input: [streams, ...input], output: plan.output }, plan.slots);
    if (recovering.onDeviceLost !== "throw") await stream.#recover(recovering);
    return stream;
  }

  /** Begins to keep what a recovery needs. */
  async #recover(options: Required<RecoveryOptions>): Promise<void> {
    try {
      await recovery.load();
      this.#recovery = await recovery.module.StreamRecovery.of({
        ...options,
        device: () => this.#device,
        request: async (again) => {
          const device = await Device.request(again);
          // Nobody else knows of it.
          if (this.#disposed) device.dispose();
          return device;
        },
        signal: { throwIfAborted: () => this.#check("Stream.step") },
        mayBeLoss: (error) => error instanceof WebGpuLstmError,
        Refusal: OptionError,
        start: async (data, fresh) => this.#start(data, fresh),
        keep: () => this.#keep(),
        moveTo: (device, kept) => this.#moveTo(device, kept),
      });
    } catch (error) {
      this.dispose();
      throw error;
    }
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
    const start = () => this.#recovery?.step(data, fresh) ?? this.#start(data, fresh);
    const answer = ahead ? ahead.then(start) : start();
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
    if (!this.#recovery) this.#device.check(where);
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

  /** The state and the model as they are after the steps that have begun, in host memory. */
  async #keep(): Promise<KeptStream> {
    const { program } = this.#step;
    const model = this.#model;
    // All reads start before the first await.
    const state = [...this.#slots.keys()].map(
      async (name) => [name, await program.readOutput(name)] as const,
    );
    const values = [...model.parameters(), ...model.buffers()].map(async (parameter) => {
      const { home } = parameter;
      return [parameter, { value: (await parameter.read()).data, home }] as const;
    });
    const read = await Promise.all([Promise.all(state), Promise.all(values)]);
    return { state: new Map(read[0]), values: new Map(read[1]) };
  }

  /** Puts what was kept on another device. */
  async #moveTo(device: Device, { state, values }: KeptStream): Promise<void> {
    this.#step.dispose();
    // What a trainer has put elsewhere stays there.
    for (const [parameter, { value, home }] of values) if (parameter.home === home) parameter.leave(value);
    this.#check("Stream.step");
    this.#device = device;
    try {
      this.#step = await this.#compile(device);
    } finally {
      for (const [parameter, kept] of values) kept.home = parameter.home;
    }
    if (this.#disposed) {
      this.#step.dispose();
      this.#check("Stream.step");
    }
    for (const [name, value] of state) this.#step.program.writeInput(name, value);
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
