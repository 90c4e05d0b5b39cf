import type { Batch } from "../data/dataset.ts";
import type { Device } from "../device.ts";
import { DisposedError, WebGpuLstmError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { StatefulModel } from "../nn/stateful.ts";
import { clipGradNorm_ } from "../nn/utils/clip.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { Skip } from "../plan/skip.ts";
import { Watch } from "../plan/watch.ts";
import type { InputShapes } from "../run/inputs.ts";
import type { Result } from "../run/result.ts";
import type { CompiledStep } from "../run/step.ts";
import type { StepRandomState } from "../run/step-random.ts";
import type { NDArray, Shape } from "../shape.ts";
import type { OnNonFinite } from "./finite.ts";
import { Forward, type Model } from "./forward.ts";
import type { Metric } from "./metrics.ts";
import { SettledModel } from "./settled-model.ts";

/** A loss of predictions and targets, such as `nn.MSELoss`. */
export interface Loss {
  /** Gives the loss, a scalar. */
  forward(prediction: Tensor, target: Tensor): Tensor;
}

/** A trainer's settings, from which its steps are compiled. */
export interface StepSettings {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly clipGradNorm: number | undefined;
  /** Batches to an update. */
  readonly accumulate: number;
  readonly metrics: readonly Metric[];
  /** Whether the model is a {@link StatefulModel} that carries its state from batch to batch. */
  readonly carryState: boolean;
  readonly onNonFinite: OnNonFinite;
  readonly detectAnomaly: boolean;
}

/** Sums over batches: of their losses, each times its weight, and of the weights. */
export interface LossSums {
  readonly sum: number;
  readonly weight: number;
}

type Traced = Readonly<Record<string, Tensor>>;

type Name = "train" | "evaluate" | "predict" | "keep";

/** Random states of a trainer's steps, as plain JSON. */
export type StepRandomStates = { readonly [name in Name]?: StepRandomState };

/** A trainer's programs. The first batch that needs one compiles it. */
export class TrainerSteps {
  readonly #device: Device;
  readonly #model: Model | StatefulModel;
  readonly #forward: Forward;
  readonly #settings: StepSettings;
  /** The optimizer as the training step takes it, so that updates can be left out; `null` if none are to be. */
  readonly watch: Watch | null;
  readonly #steps = new Map<Name, Promise<CompiledStep>>();
  readonly #compiled = new Map<Name, CompiledStep>();
  /** The model as after the last update, where several runs make one; `null` before the first run. */
  #settled: SettledModel | null = null;
  /** Random states of the steps from a checkpoint. */
  #random: StepRandomStates = {};
  /** Settles when the latest evaluation is over. */
  #evaluating: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(device: Device, model: Model | StatefulModel, settings: StepSettings) {
    this.#device = device;
    this.#model = model;
    this.#settings = settings;
    this.watch = watchOf(device, settings);
    this.#forward = new Forward("Trainer", model, settings.carryState);
  }

  /** Throws if the trainer was disposed, or its device is gone. */
  check(where: string): void {
    if (this.#disposed)
      throw new DisposedError(`${where}: the trainer was disposed; make a new one for the model`);
    this.#device.check(where);
  }

  /** Runs `work`. Where it fails since the trainer, its model or its device has gone meanwhile, the error says so. */
  async whole<T>(where: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.goneBehind(where, error);
    }
  }

  /** The error that says what has gone, if that is why `error` was thrown. */
  goneBehind(where: string, error: unknown): unknown {
    if (!(error instanceof WebGpuLstmError)) return error;
    try {
      this.check(where);
    } catch (gone) {
      return gone;
    }
    if (!this.#model.parameters().some(({ disposed }) => disposed)) return error;
    return new DisposedError(`${where}: the model was disposed; build a new one`, { cause: error });
  }

  /** Shapes of the tensors that the model carries to the next batch, by their path in its state; none if it carries nothing. */
  stateShapes(where: string, x: Shape): InputShapes {
    return this.#forward.stateShapes(where, x);
  }

  /**
   * A batch's weight in means: its samples, or with a carried state its targets, since windows may differ in length. The losses of a
   * loss that sums are added up, so that the batch size makes no difference.
   */
  weightOf({ y }: Batch, samples: number): number {
    if (this.sumsLosses) return 1;
    return this.#settings.carryState ? y.data.length : samples;
  }

  /** The loss over all batches: the mean of their losses, or for a loss that sums the sum. */
  lossOf({ sum, weight }: LossSums): number {
    return this.sumsLosses ? sum : sum / weight;
  }

  /** The training step. A run gives `loss` and the carried state. */
  async train({ x, y }: Batch): Promise<CompiledStep> {
    const { loss, optimizer, clipGradNorm, accumulate, carryState } = this.#settings;
    const state = this.stateShapes("Trainer.fit", x.shape);
    if (carryState && accumulate > 1) {
      await this.#step("keep", () => this.#device.compile((inputs) => inputs, { inputs: state }));
    }
    const step = await this.#step("train", (more) =>
      this.#device.compile(
        ({ y, ...inputs }: Traced) => {
          const { output, state: after } = this.#forward.trace(inputs, true);
          const value = loss.forward(output, y!);
          if (this.watch instanceof Skip) this.watch.carries(inputs, after);
          if (clipGradNorm !== undefined) clipGradNorm_(this.#model.parameters(), clipGradNorm);
          return { ...after, loss: value };
        },
        {
          inputs: { x: x.shape, y: y.shape, ...state },
          minimize: "loss",
          optimizer: this.watch ?? optimizer,
          ...(accumulate > 1 && {
            accumulate: { runs: accumulate, reduction: this.sumsLosses ? "sum" : "mean" },
          }),
          ...more,
        },
      ),
    );
    if (accumulate > 1 && step.pending === 0 && !this.#disposed) {
      this.#settled ??= new SettledModel(this.#device, this.#model);
      this.#settled.begin();
    }
    return step;
  }

  /** The model as after the last update, if runs wait for the next one; `null` if it is as after the last run. */
  get settled(): SettledModel | null {
    return this.#compiled.get("train")?.pending ? this.#settled : null;
  }

  /**
   * Copies the carried state so that the training step's next run does not overwrite it; `undefined` if an update follows every run, so
   * that no copy is needed.
   */
  keep(state: Readonly<Record<string, Result>>): Readonly<Record<string, Result>> | undefined {
    return this.#compiled.get("keep")?.run(state);
  }

  /** Whether a batch's loss is the sum of its samples' and not their mean. */
  get sumsLosses(): boolean {
    return (this.#settings.loss as { reduction?: unknown }).reduction === "sum";
  }

  /** The evaluation step. A run gives `loss`, each metric's total and count under {@link metricResults}, and the carried state. */
  evaluate({ x, y }: Batch): Promise<CompiledStep> {
    const { loss, metrics } = this.#settings;
    const state = this.stateShapes("Trainer.evaluate", x.shape);
    return this.#step("evaluate", (more) =>
      this.#device.compile(
        ({ y, ...inputs }: Traced) => {
          const { output, state: after } = this.#forward.trace(inputs, false);
          const results: Record<string, Tensor> = { ...after, loss: loss.forward(output, y!) };
          for (const [i, metric] of metrics.entries()) {
            const { total, count } = metric.sums(output, y!);
            const [totalName, countName] = metricResults(i);
            results[totalName] = total;
            results[countName] = count;
          }
          return results;
        },
        { inputs: { x: x.shape, y: y.shape, ...state }, ...more },
      ),
    );
  }

  /** Runs an evaluation; with a carried state after the one before it, since they would overwrite each other's states. */
  inTurn<T>(evaluate: () => Promise<T>): Promise<T> {
    if (!this.#settings.carryState) return evaluate();
    const turn = this.#evaluating.then(evaluate);
    this.#evaluating = turn.then(
      () => {},
      () => {},
    );
    return turn;
  }

  /** The prediction step. A run gives `prediction`, from a state of zero. */
  predict(x: NDArray): Promise<CompiledStep> {
    return this.#step("predict", (more) =>
      this.#device.compile((inputs: Traced) => ({ prediction: this.#forward.trace(inputs, false).output }), {
        inputs: { x: x.shape },
        ...more,
      }),
    );
  }

  /**
   * Random states of the steps.
   * @param open Training runs at the end that do not count, since no update has followed them. A step without a run that counts is left
   * out, and draws its seed again.
   */
  randomStates(open: number): StepRandomStates {
    const states = [...this.#compiled].flatMap(([name, step]) => {
      if (name === "keep") return [];
      const { seed, runs } = step.randomState();
      const counted = name === "train" ? runs - open : runs;
      return counted > 0 ? [[name, { seed, runs: counted }]] : [];
    });
    return { ...this.#random, ...Object.fromEntries(states) };
  }

  /** Drops what an earlier run has left: accumulated gradients that no update has used, and the mark of its divergence. */
  startOver(): void {
    this.#compiled.get("train")?.discard();
    this.watch?.reset();
  }

  /** Drops the compiled steps; new ones start from these random states. */
  async restart(random: StepRandomStates): Promise<void> {
    await this.#free();
    this.#random = random;
  }

  /** The training program as a table; `undefined` before it is compiled. */
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
    this.watch?.dispose();
    this.#settled?.dispose();
    this.#settled = null;
  }

  #step(
    name: Name,
    compile: (more: {
      readonly random?: StepRandomState;
      readonly detectAnomaly: boolean;
    }) => Promise<CompiledStep>,
  ): Promise<CompiledStep> {
    this.check("Trainer");
    const known = this.#steps.get(name);
    if (known) return known;
    const random = this.#random[name];
    const { detectAnomaly } = this.#settings;
    const step = compile({ detectAnomaly, ...(random && { random }) }).then(
      (compiled) => {
        if (this.#steps.get(name) === step) this.#compiled.set(name, compiled);
        return compiled;
      },
      (cause: unknown) => {
        if (name === "train") this.watch?.dispose();
        // The next batch tries again.
        if (this.#steps.get(name) === step) this.#steps.delete(name);
        throw cause;
      },
    );
    this.#steps.set(name, step);
    return step;
  }
}

function watchOf(device: Device, { onNonFinite, optimizer }: StepSettings): Watch | null {
  if (onNonFinite === "ignore") return null;
  return onNonFinite === "skip" ? new Skip(device, optimizer) : new Watch(device, optimizer);
}

/** Names of the results that hold a metric's total and count. */
export function metricResults(index: number): readonly [total: string, count: string] {
  return [`metric ${index} total`, `metric ${index} count`];
}
