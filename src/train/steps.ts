import type { Batch } from "../data/dataset.ts";
import { DisposedError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Module } from "../nn/module.ts";
import { clipGradNorm_ } from "../nn/utils/clip.ts";
import type { Device } from "../scheduler/device.ts";
import type { Optimizer } from "../scheduler/optimizer.ts";
import type { CompiledStep } from "../scheduler/step.ts";
import type { StepRandomState } from "../scheduler/step-random.ts";
import type { NDArray } from "../shape.ts";
import type { Metric } from "./metrics.ts";

/** A model that maps one batch of inputs to one batch of predictions. */
export type Model = Module & { forward(x: Tensor): Tensor };

/** A loss of predictions and targets, such as `nn.MSELoss`. */
export interface Loss {
  forward(prediction: Tensor, target: Tensor): Tensor;
}

/** What a trainer's steps are compiled from. */
export interface StepSettings {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly clipGradNorm: number | undefined;
  /** Batches to an update. */
  readonly accumulate: number;
  readonly metrics: readonly Metric[];
}

type Name = "train" | "evaluate" | "predict";

/** Random states of a trainer's steps, as plain JSON. */
export type StepRandomStates = { readonly [name in Name]?: StepRandomState };

/** A trainer's programs, each compiled by the first batch that needs it. */
export class TrainerSteps {
  readonly #device: Device;
  readonly #model: Model;
  readonly #settings: StepSettings;
  readonly #steps = new Map<Name, Promise<CompiledStep>>();
  readonly #compiled = new Map<Name, CompiledStep>();
  /** Where the steps' random numbers begin, of those that a checkpoint has. */
  #random: StepRandomStates = {};
  #disposed = false;

  constructor(device: Device, model: Model, settings: StepSettings) {
    this.#device = device;
    this.#model = model;
    this.#settings = settings;
  }

  /** Throws if the trainer was disposed, or its device is gone. */
  check(where: string): void {
    if (this.#disposed)
      throw new DisposedError(`${where}: the trainer was disposed; make a new one for the model`);
    this.#device.check(where);
  }

  /** One training step, of which every run gives `loss`. */
  train({ x, y }: Batch): Promise<CompiledStep> {
    const { loss, optimizer, clipGradNorm, accumulate } = this.#settings;
    return this.#step("train", (random) =>
      this.#device.compile(
        ({ x, y }) => {
          const value = loss.forward(this.#forward(x, true), y);
          if (clipGradNorm !== undefined) clipGradNorm_(this.#model.parameters(), clipGradNorm);
          return { loss: value };
        },
        {
          inputs: { x: x.shape, y: y.shape },
          minimize: "loss",
          optimizer,
          ...(accumulate > 1 && {
            accumulate: { runs: accumulate, reduction: this.sumsLosses ? "sum" : "mean" },
          }),
          ...random,
        },
      ),
    );
  }

  /** Whether a batch's loss is the sum of its samples' and not their mean. */
  get sumsLosses(): boolean {
    return (this.#settings.loss as { reduction?: unknown }).reduction === "sum";
  }

  /** Loss and metrics without training: `loss`, then total and count of each metric under {@link metricResults}. */
  evaluate({ x, y }: Batch): Promise<CompiledStep> {
    const { loss, metrics } = this.#settings;
    return this.#step("evaluate", (random) =>
      this.#device.compile(
        ({ x, y }) => {
          const prediction = this.#forward(x, false);
          const results: Record<string, Tensor> = { loss: loss.forward(prediction, y) };
          for (const [i, metric] of metrics.entries()) {
            const { total, count } = metric.sums(prediction, y);
            const [totalName, countName] = metricResults(i);
            results[totalName] = total;
            results[countName] = count;
          }
          return results;
        },
        { inputs: { x: x.shape, y: y.shape }, ...random },
      ),
    );
  }

  /** The model alone, giving `prediction`. */
  predict(x: NDArray): Promise<CompiledStep> {
    return this.#step("predict", (random) =>
      this.#device.compile(({ x }) => ({ prediction: this.#forward(x, false) }), {
        inputs: { x: x.shape },
        ...random,
      }),
    );
  }

  /**
   * Where the steps' random numbers are.
   * @param open Training runs at the end that do not count, since no update has followed them. A step of which no run counts draws
   * its seed again.
   */
  randomStates(open: number): StepRandomStates {
    const states = [...this.#compiled].flatMap(([name, step]) => {
      const { seed, runs } = step.randomState();
      const counted = name === "train" ? runs - open : runs;
      return counted > 0 ? [[name, { seed, runs: counted }]] : [];
    });
    return { ...this.#random, ...Object.fromEntries(states) };
  }

  /** Forgets gradients that no update has followed. */
  discardGradients(): void {
    this.#compiled.get("train")?.discard();
  }

  /** Begins anew with these random numbers: what was compiled is compiled again. */
  async restart(random: StepRandomStates): Promise<void> {
    await this.#free();
    this.#random = random;
  }

  /** The training program as a table; `undefined` before it has been compiled. */
  async describe(): Promise<string | undefined> {
    return (await this.#steps.get("train"))?.describe();
  }

  /** Frees all programs; settles when that is done. */
  dispose(): Promise<void> {
    this.#disposed = true;
    return this.#free();
  }

  async #free(): Promise<void> {
    const steps = [...this.#steps.values()];
    this.#steps.clear();
    this.#compiled.clear();
    for (const step of steps) (await step.catch(() => null))?.dispose();
  }

  #step(
    name: Name,
    compile: (random: { readonly random?: StepRandomState }) => Promise<CompiledStep>,
  ): Promise<CompiledStep> {
    this.check("Trainer");
    const known = this.#steps.get(name);
    if (known) return known;
    const random = this.#random[name];
    const step = compile(random ? { random } : {}).then(
      (compiled) => {
        if (this.#steps.get(name) === step) this.#compiled.set(name, compiled);
        return compiled;
      },
      (cause: unknown) => {
        // A compilation that failed is tried again with the next batch.
        if (this.#steps.get(name) === step) this.#steps.delete(name);
        throw cause;
      },
    );
    this.#steps.set(name, step);
    return step;
  }

  /**
   * The model in training or evaluation mode; it is left in the mode it was in. Traced functions call it, since a program for
   * another batch size is traced when it is first needed.
   */
  #forward(x: Tensor, training: boolean): Tensor {
    const mode = this.#model.training;
    this.#model.train(training);
    try {
      return this.#model.forward(x);
    } finally {
      this.#model.train(mode);
    }
  }
}

/** Names of the results that a metric's total and count are. */
export function metricResults(index: number): readonly [total: string, count: string] {
  return [`metric ${index} total`, `metric ${index} count`];
}
