import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from "../checks.ts";
import { Device } from "../device.ts";
import { OptionError } from "../errors.ts";
import { loadCheckpoint, loadInto, saveCheckpoint } from "../io/checkpoint.ts";
import type { Json } from "../io/json.ts";
import { Module } from "../nn/module.ts";
import type { StatefulModel } from "../nn/stateful.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { NDArray } from "../shape.ts";
import { type Batches, checkBatches } from "./batches.ts";
import { checkMetrics } from "./check-metrics.ts";
import { evaluate } from "./evaluation.ts";
import { FitLoop } from "./fit-loop.ts";
import { type FitOptions, fitPlan } from "./fit-options.ts";
import type { Model } from "./forward.ts";
import { History } from "./history.ts";
import type { Metric } from "./metrics.ts";
import { type PredictOptions, predict } from "./prediction.ts";
import type { EpochReport, Evaluation } from "./report.ts";
import { newState, readState, resolveJson, type TrainerState, writeState } from "./state.ts";
import { type Loss, TrainerSteps } from "./steps.ts";

export interface TrainerOptions {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Largest norm of a step's gradients, to which `nn.utils.clipGradNorm_` scales them; by default they stay as they are. */
  readonly clipGradNorm?: number;
  /**
   * Batches whose gradients make one update, as one large batch would; an epoch's last update may have fewer. Batches count by
   * their samples, or all alike where the loss's `reduction` is "sum". Default 1.
   */
  readonly accumulate?: number;
  /** Whether the model carries its state from batch to batch: see {@link StatefulTrainerOptions}. Default false. */
  readonly carryState?: false;
  /** What an evaluation computes besides the loss. */
  readonly metrics?: readonly Metric[];
  /** Anything to keep in checkpoints, such as the model's sizes and a scaler: what JSON can hold, or has a `toJSON`. */
  readonly config?: unknown;
}

/** Options of a trainer of a {@link StatefulModel}. */
export interface StatefulTrainerOptions extends Omit<TrainerOptions, "carryState"> {
  /**
   * Truncated back-propagation through time: the model's `forward(x, state)` returns `{ output, state }` (a {@link StatefulModel}), each
   * batch starts from the state that the one before ended with, and the loss is of `output`. The state stays on the GPU; no
   * gradient goes back into the batch before. It starts at zero with a fit's first batch, where a batch has `begins: true`, as
   * those of `data.TextBatches`, and, where batches do not say, with every pass. Evaluations carry a state of their own.
   * Means then weight batches by their targets, since a window may be shorter.
   */
  readonly carryState: true;
}

const OPTIONS = ["loss", "optimizer", "clipGradNorm", "accumulate", "carryState", "metrics", "config"];

/** Trains, evaluates and applies a model on a device. */
export class Trainer {
  readonly device: Device;
  readonly model: Model | StatefulModel;
  readonly optimizer: Optimizer;
  readonly metrics: readonly Metric[];
  /** What checkpoints keep besides; {@link resume} sets it to what the checkpoint has. */
  config: unknown;
  readonly #accumulate: number;
  readonly #carryState: boolean;
  readonly #steps: TrainerSteps;
  #history = new History();
  /** The latest run of {@link fit}; `null` before the first and after {@link resume}. */
  #loop: FitLoop | null = null;
  /** What the next {@link fit} goes on from. */
  #resumed: TrainerState | null = null;
  #fitting = false;

  constructor(device: Device, model: Model, options: TrainerOptions);
  constructor(device: Device, model: StatefulModel, options: StatefulTrainerOptions);
  constructor(
    device: Device,
    model: Model | StatefulModel,
    options: TrainerOptions | StatefulTrainerOptions,
  ) {
    if (!(device instanceof Device)) {
      throw new OptionError(`Trainer: the first argument must be a Device, got ${show(device)}`);
    }
    if (!(model instanceof Module) || typeof model.forward !== "function") {
      throw new OptionError(
        `Trainer: the model must extend nn.Module and have forward(x), got ${show(model)}`,
      );
    }
    checkOptions("Trainer", options, OPTIONS);
    if (typeof options.loss?.forward !== "function" || typeof options.optimizer?.beginStep !== "function") {
      throw new OptionError(
        "Trainer: options must be { loss, optimizer }, such as { loss: new nn.MSELoss(), optimizer }",
      );
    }
    const { loss, optimizer, clipGradNorm, accumulate = 1, metrics = [], config } = options;
    const { carryState = false } = options;
    if (clipGradNorm !== undefined) {
      checkNumber("Trainer", "clipGradNorm", clipGradNorm, "a number above 0", (n) => n > 0);
    }
    checkInteger("Trainer", "accumulate", accumulate);
    checkBoolean("Trainer", "carryState", carryState);
    checkMetrics("Trainer", metrics);
    this.device = device;
    this.model = model;
    this.optimizer = optimizer;
    this.metrics = [...metrics];
    this.config = config;
    this.#accumulate = accumulate;
    this.#carryState = carryState;
    this.#steps = new TrainerSteps(device, model, {
      loss,
      optimizer,
      clipGradNorm,
      accumulate,
      metrics: this.metrics,
      carryState,
    });
  }

  /** The epochs of the latest {@link fit}, those before a checkpoint that it was resumed from included. */
  get history(): History {
    return this.#history;
  }

  /**
   * Trains for some epochs, reporting after each one. After {@link resume} it goes on where the checkpoint was taken, else it
   * begins with epoch 1.
   * @throws {@link DataError} if the loader gives no batch; the signal's reason if it is aborted.
   */
  async *fit(loader: Batches, options: FitOptions): AsyncGenerator<EpochReport, void, void> {
    this.#steps.check("Trainer.fit");
    const plan = fitPlan("Trainer.fit", loader, options);
    if (this.#fitting)
      throw new OptionError("Trainer.fit: this trainer is fitting already; end or abort that run first");
    this.#fitting = true;
    try {
      const { model, optimizer, metrics } = this;
      const history = new History(this.#resumed?.history);
      const [steps, accumulate, checkpoint] = [this.#steps, this.#accumulate, () => this.checkpoint()];
      const parts = { model, optimizer, metrics, steps, accumulate, history, checkpoint };
      const loop = new FitLoop(parts, plan, this.#resumed);
      await loop.start();
      steps.discardGradients();
      this.#loop = loop;
      this.#resumed = null;
      this.#history = history;
      yield* loop.run();
    } finally {
      this.#fitting = false;
    }
  }

  /** Mean loss over all batches, weighted by their samples, without training. */
  async evaluate(loader: Batches): Promise<number> {
    return (await this.#evaluate("Trainer.evaluate", loader)).loss;
  }

  /** Mean loss and metrics over all batches, without training. */
  measure(loader: Batches): Promise<Evaluation> {
    return this.#evaluate("Trainer.measure", loader);
  }

  async #evaluate(where: string, loader: Batches): Promise<Evaluation> {
    this.#steps.check(where);
    checkBatches(where, "the loader", loader);
    return evaluate(where, this.#steps, this.metrics, loader);
  }

  /**
   * The model's predictions for the samples of `x`, in order. With `carryState` they are its outputs from a state of zero for every
   * sample; a `Stream` carries a state from call to call.
   * @param x [N, …]
   */
  async predict(x: NDArray, options: PredictOptions = {}): Promise<NDArray> {
    this.#steps.check("Trainer.predict");
    return predict("Trainer.predict", this.#steps, x, options);
  }

  /**
   * The run as it is at the call, as one safetensors file: model, optimizer, {@link config}, position in the data, random numbers,
   * history, and what the callbacks remember. Also while {@link fit} is running, in the middle of an epoch, and after it was
   * aborted or left. Waits for the GPU.
   * @throws {@link OptionError} in a callback's `onBatchEnd` and `onEpochEnd`, where the run is between two states.
   */
  async checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    const where = "Trainer.checkpoint";
    this.#steps.check(where);
    checkStateful(where, this.optimizer);
    // Everything is asked for before anything is awaited: one moment's state, even if training goes on.
    const reads = [
      this.#loop?.snapshot() ?? Promise.resolve(this.#resumed ?? newState()),
      this.model.stateDict(),
      this.optimizer.stateDict(),
    ] as const;
    const config = resolveJson(this.config);
    const [state, model, optimizer] = await Promise.all(reads);
    const { json, tensors } = writeState(state);
    return saveCheckpoint({
      model,
      optimizer,
      trainer: tensors,
      config: { trainer: json, ...(config !== undefined && { config: config as Json }) },
    });
  }

  /**
   * Goes back to a checkpoint: model, optimizer and {@link config} at once, the rest with the next {@link fit}, which is to be
   * given the same loader, validation and callbacks, made anew or not. On the same adapter it then computes the same bits as the
   * run that the checkpoint was taken of.
   * @throws {@link DataError} for a file that is no trainer's checkpoint, {@link StateDictError} for one of another model or
   * optimizer; nothing has changed then.
   */
  async resume(bytes: Uint8Array | ArrayBuffer): Promise<void> {
    const where = "Trainer.resume";
    this.#steps.check(where);
    checkStateful(where, this.optimizer);
    if (this.#fitting)
      throw new OptionError(`${where}: this trainer is fitting; end or abort that run first`);
    const file = loadCheckpoint(bytes);
    const { trainer, config } = (file.config ?? {}) as { trainer?: Json; config?: Json };
    const state = readState(where, trainer, file.trainer ?? new Map());
    const hasBegun = state.epoch > 1 || state.batch > 0;
    if (hasBegun && (state.carried !== null) !== this.#carryState) {
      throw new OptionError(
        `${where}: the checkpoint was taken ${this.#carryState ? "without" : "with"} carryState, and this trainer is made ` +
          `${this.#carryState ? "with" : "without"} it; make it as that one was`,
      );
    }
    await loadInto(where, file, { model: this.model, optimizer: this.optimizer });
    this.config = config;
    this.#loop = null;
    this.#resumed = state;
    this.#history = new History(state.history);
    await this.#steps.restart(state.steps);
  }

  /** The training program as a table, once it has been compiled by the first batch. */
  async describe(): Promise<string> {
    return (await this.#steps.describe()) ?? "no training step yet: it is compiled by the first batch";
  }

  /** Frees the trainer's programs; settles when that is done. The model and its parameters stay. */
  dispose(): Promise<void> {
    return this.#steps.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

function checkStateful(where: string, optimizer: Optimizer): void {
  const { stateDict, loadStateDict } = optimizer as Partial<Optimizer>;
  if (typeof stateDict === "function" && typeof loadStateDict === "function") return;
  throw new OptionError(
    `${where}: the optimizer must have stateDict and loadStateDict, got ${show(optimizer)}`,
  );
}
