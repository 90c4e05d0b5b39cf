import type { Batch } from "../data/dataset.ts";
import {
  checkFinite,
  checkInteger,
  checkNumber,
  checkOptions,
  DataError,
  DisposedError,
  OptionError,
  ShapeError,
  show,
} from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Module } from "../nn/module.ts";
import { clipGradNorm_ } from "../nn/utils/clip.ts";
import { Device } from "../scheduler/device.ts";
import type { Optimizer } from "../scheduler/optimizer.ts";
import type { CompiledStep } from "../scheduler/step.ts";
import { type NDArray, showShape, sizeOf } from "../shape.ts";
import { type Batches, checkBatch, checkBatches, isArray, sliceSamples } from "./batches.ts";
import { WeightedMean } from "./weighted-mean.ts";

/** A model that maps one batch of inputs to one batch of predictions. */
export type Model = Module & { forward(x: Tensor): Tensor };

/** A loss of predictions and targets, such as `nn.MSELoss`. */
export interface Loss {
  forward(prediction: Tensor, target: Tensor): Tensor;
}

export interface TrainerOptions {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Largest norm of a step's gradients, to which `nn.utils.clipGradNorm_` scales them; by default they stay as they are. */
  readonly clipGradNorm?: number;
}

/** How far an epoch is. */
export interface Progress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches submitted in this epoch. */
  readonly batch: number;
  /** Batches in an epoch, where the loader knows. */
  readonly batches: number | undefined;
}

export interface FitOptions {
  readonly epochs: number;
  /** Evaluated after every epoch. */
  readonly validation?: Batches;
  /** Ends training before the next batch; `fit` then throws the signal's reason, and the model keeps what it learned. */
  readonly signal?: AbortSignal;
  /** Called after each batch is submitted. A promise it returns is awaited, and not counted as training: a way to pause. */
  readonly onProgress?: (progress: Progress) => unknown;
}

/** What one epoch of training came to. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** Mean of the batches' losses while training, weighted by their samples. */
  readonly loss: number;
  /** Mean loss over the validation batches after the epoch, where there are any. */
  readonly validationLoss?: number;
  /** Training steps in this epoch. */
  readonly steps: number;
  /** Time of the epoch's training, in seconds. */
  readonly seconds: number;
  readonly stepsPerSecond: number;
}

/** Trains, evaluates and applies a model on a device. */
export class Trainer {
  readonly device: Device;
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly #loss: Loss;
  readonly #clipGradNorm: number | undefined;
  #steps: {
    train?: Promise<CompiledStep<"loss">>;
    evaluate?: Promise<CompiledStep<"loss">>;
    predict?: Promise<CompiledStep<"prediction">>;
  } = {};
  #fitting = false;
  #disposed = false;

  constructor(device: Device, model: Model, options: TrainerOptions) {
    if (!(device instanceof Device)) {
      throw new OptionError(`Trainer: the first argument must be a Device, got ${show(device)}`);
    }
    if (!(model instanceof Module) || typeof model.forward !== "function") {
      throw new OptionError(
        `Trainer: the model must extend nn.Module and have forward(x), got ${show(model)}`,
      );
    }
    checkOptions("Trainer", options, ["loss", "optimizer", "clipGradNorm"]);
    if (typeof options.loss?.forward !== "function" || typeof options.optimizer?.beginStep !== "function") {
      throw new OptionError(
        "Trainer: options must be { loss, optimizer }, such as { loss: new nn.MSELoss(), optimizer }",
      );
    }
    const { clipGradNorm } = options;
    if (clipGradNorm !== undefined) {
      checkNumber("Trainer", "clipGradNorm", clipGradNorm, "a number above 0", (n) => n > 0);
    }
    this.device = device;
    this.model = model;
    this.#clipGradNorm = clipGradNorm;
    this.optimizer = options.optimizer;
    this.#loss = options.loss;
  }

  /**
   * Trains for some epochs, reporting after each one.
   * @throws {@link DataError} if the loader gives no batch; the signal's reason if it is aborted.
   */
  async *fit(loader: Batches, options: FitOptions): AsyncGenerator<EpochReport, void, void> {
    this.#check("Trainer.fit");
    checkBatches("Trainer.fit", "the loader", loader);
    checkOptions("Trainer.fit", options, ["epochs", "validation", "signal", "onProgress"]);
    const { epochs, validation, signal, onProgress } = options;
    checkInteger("Trainer.fit", "epochs", epochs);
    if (validation !== undefined) checkBatches("Trainer.fit", "validation", validation);
    if (signal !== undefined && typeof signal.throwIfAborted !== "function") {
      throw new OptionError(`Trainer.fit: signal must be an AbortSignal, got ${show(signal)}`);
    }
    if (onProgress !== undefined && typeof onProgress !== "function") {
      throw new OptionError(`Trainer.fit: onProgress must be a function, got ${show(onProgress)}`);
    }
    if (this.#fitting)
      throw new OptionError("Trainer.fit: this trainer is fitting already; end or abort that run first");
    this.#fitting = true;
    try {
      for (let epoch = 1; epoch <= epochs; epoch++) {
        const start = performance.now();
        const mean = new WeightedMean();
        let steps = 0;
        let paused = 0;
        for (const batch of loader) {
          const samples = checkBatch("Trainer.fit", batch);
          const step = await this.#trainStep(batch);
          await step.ready();
          signal?.throwIfAborted();
          const { loss } = step.run({ x: batch.x, y: batch.y });
          await mean.add(loss, samples);
          steps++;
          if (!onProgress) continue;
          const asked = performance.now();
          await onProgress({ epoch, epochs, batch: steps, batches: loader.length });
          paused += performance.now() - asked;
        }
        if (steps === 0) {
          throw new DataError(
            "Trainer.fit: the loader gave no batch; with dropLast the data set may be smaller than a batch",
          );
        }
        const loss = await mean.value();
        const seconds = (performance.now() - start - paused) / 1000;
        const report = { epoch, loss, steps, seconds, stepsPerSecond: steps / seconds };
        signal?.throwIfAborted();
        yield validation ? { ...report, validationLoss: await this.evaluate(validation) } : report;
      }
    } finally {
      this.#fitting = false;
    }
  }

  /** Mean loss over all batches, weighted by their samples, without training. */
  async evaluate(loader: Batches): Promise<number> {
    this.#check("Trainer.evaluate");
    checkBatches("Trainer.evaluate", "the loader", loader);
    const mean = new WeightedMean();
    for (const batch of loader) {
      const samples = checkBatch("Trainer.evaluate", batch);
      const step = await this.#evaluationStep(batch);
      await step.ready();
      await mean.add(step.run({ x: batch.x, y: batch.y }).loss, samples);
    }
    return mean.value();
  }

  /**
   * The model's predictions for the samples of `x`, in order.
   * @param x [N, …]
   * @param options `batchSize`: samples computed at a time, default 256.
   */
  async predict(x: NDArray, options: { readonly batchSize?: number } = {}): Promise<NDArray> {
    this.#check("Trainer.predict");
    checkOptions("Trainer.predict", options, ["batchSize"]);
    const { batchSize = 256 } = options;
    checkInteger("Trainer.predict", "batchSize", batchSize);
    if (!isArray(x))
      throw new OptionError(`Trainer.predict: expected { data: Float32Array, shape }, got ${show(x)}`);
    const [samples] = x.shape;
    if (!samples || sizeOf(x.shape) !== x.data.length) {
      throw new ShapeError(
        "Trainer.predict: expected at least one sample and data that fills the shape, got " +
          `${showShape(x.shape)} with ${x.data.length} values`,
      );
    }
    checkFinite("Trainer.predict", "x", x.data);
    const parts: NDArray[] = [];
    for (let from = 0; from < samples; from += batchSize) {
      const part = sliceSamples(x, from, Math.min(from + batchSize, samples));
      const step = await this.#predictionStep(part);
      parts.push(await step.run({ x: part }).prediction.read());
    }
    const data = new Float32Array(parts.reduce((size, part) => size + part.data.length, 0));
    let at = 0;
    for (const part of parts) {
      data.set(part.data, at);
      at += part.data.length;
    }
    return { data, shape: [samples, ...parts[0]!.shape.slice(1)] };
  }

  /** The training program as a table, once it has been compiled by the first batch. */
  async describe(): Promise<string> {
    const step = await this.#steps.train;
    return step ? step.describe() : "no training step yet: it is compiled by the first batch";
  }

  /** Frees the trainer's programs; settles when that is done. The model and its parameters stay. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const steps = Object.values(this.#steps);
    this.#steps = {};
    for (const step of steps) (await step.catch(() => null))?.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #check(where: string): void {
    if (this.#disposed)
      throw new DisposedError(`${where}: the trainer was disposed; make a new one for the model`);
    this.device.check(where);
  }

  #trainStep({ x, y }: Batch): Promise<CompiledStep<"loss">> {
    this.#steps.train ??= this.#compile(true, () =>
      this.device.compile(
        ({ x, y }) => {
          const loss = this.#loss.forward(this.model.forward(x), y);
          if (this.#clipGradNorm !== undefined) clipGradNorm_(this.model.parameters(), this.#clipGradNorm);
          return { loss };
        },
        { inputs: { x: x.shape, y: y.shape }, minimize: "loss", optimizer: this.optimizer },
      ),
    ).catch(this.#forget("train"));
    return this.#steps.train;
  }

  #evaluationStep({ x, y }: Batch): Promise<CompiledStep<"loss">> {
    this.#steps.evaluate ??= this.#compile(false, () =>
      this.device.compile(({ x, y }) => ({ loss: this.#loss.forward(this.model.forward(x), y) }), {
        inputs: { x: x.shape, y: y.shape },
      }),
    ).catch(this.#forget("evaluate"));
    return this.#steps.evaluate;
  }

  #predictionStep(x: NDArray): Promise<CompiledStep<"prediction">> {
    this.#steps.predict ??= this.#compile(false, () =>
      this.device.compile(({ x }) => ({ prediction: this.model.forward(x) }), { inputs: { x: x.shape } }),
    ).catch(this.#forget("predict"));
    return this.#steps.predict;
  }

  /** Compiles in training or evaluation mode, and leaves the model in the mode it was in. */
  #compile<T>(training: boolean, compile: () => Promise<T>): Promise<T> {
    this.#check("Trainer");
    const mode = this.model.training;
    this.model.train(training);
    try {
      // Tracing happens before compile() first waits.
      return compile();
    } finally {
      this.model.train(mode);
    }
  }

  /** A compilation that failed is tried again with the next batch. */
  #forget(name: "train" | "evaluate" | "predict"): (cause: unknown) => never {
    return (cause) => {
      delete this.#steps[name];
      throw cause;
    };
  }
}
