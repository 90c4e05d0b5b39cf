import type { NestedNumbers, NumberNDArray } from "../arrays.ts";
import { checkNoMore } from "../checks.ts";
import { Device } from "../device.ts";
import { OptionError, WebGpuLstmError } from "../errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import { loadCheckpoint, loadInto, saveCheckpoint } from "../io/checkpoint.ts";
import type { Json } from "../io/json.ts";
import type { StatefulModel } from "../nn/stateful.ts";
import { OnDemand } from "../ondemand.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { NDArray } from "../shape.ts";
import { type Batches, checkBatches } from "./batches.ts";
import { divergedState } from "./diverged.ts";
import { evaluate } from "./evaluation.ts";
import { firstNonFinite } from "./finite.ts";
import { Fit } from "./fit.ts";
import { FitLoop } from "./fit-loop.ts";
import { type FitOptions, type FitPlan, fitPlan } from "./fit-options.ts";
import type { Model } from "./forward.ts";
import { History } from "./history.ts";
import type { Metric } from "./metrics.ts";
import { resolveJson } from "./plain-json.ts";
import { type PredictOptions, predict } from "./prediction.ts";
import type { Kept } from "./recovery.ts";
import type { EpochReport, Evaluation } from "./report.ts";
import { newState, type TrainerState } from "./state.ts";
import { readState, writeState } from "./state-file.ts";
import { type StepSettings, TrainerSteps } from "./steps.ts";
import {
  checkStateful,
  type StatefulTrainerOptions,
  stepSettings,
  type TrainerOptions,
} from "./trainer-options.ts";

const recovery = /* @__PURE__ */ new OnDemand(() => import("./recovery.ts"));

/**
 * Trains, evaluates and applies a model on a device.
 *
 * @example
 * const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
 * await trainer.fit(loader, { epochs: 100 });
 * const { loss, metrics } = await trainer.evaluate(testLoader);
 */
export class Trainer {
  #device: Device;
  readonly model: Model | StatefulModel;
  /** The optimizer; its `lr` may be read and set at any time. */
  readonly optimizer: Optimizer;
  readonly metrics: readonly Metric[];
  /** The app's own data, kept in checkpoints. {@link resume} sets it to the checkpoint's. */
  config: unknown;
  readonly #settings: StepSettings;
  #steps: TrainerSteps;
  #history = new History();
  /** The latest run of {@link fit}; `null` before the first and after {@link resume}. */
  #loop: FitLoop | null = null;
  /** The state that the next {@link fit} continues from. */
  #resumed: TrainerState | null = null;
  #fitting = false;
  /** Whether {@link resume} is under way: some of the run may have been set and the rest not. */
  #resuming = false;

  constructor(device: Device, model: Model, options: TrainerOptions);
  constructor(device: Device, model: StatefulModel, options: StatefulTrainerOptions);
  constructor(
    device: Device,
    model: Model | StatefulModel,
    options: TrainerOptions | StatefulTrainerOptions,
  ) {
    this.#settings = stepSettings(device, model, options);
    this.#steps = new TrainerSteps(device, model, this.#settings);
    this.#device = device;
    this.model = model;
    this.optimizer = this.#settings.optimizer;
    this.metrics = this.#settings.metrics;
    this.config = options.config;
  }

  /** The device; another one after {@link fit} has recovered from a loss. */
  get device(): Device {
    return this.#device;
  }

  /** The epochs of the latest {@link fit}, including those before a checkpoint that it was resumed from. */
  get history(): History {
    return this.#history;
  }

  /**
   * Trains for some epochs. Await the run for the history of all epochs, or iterate over it for a report after each; training starts only
   * then. After {@link resume} it continues from the checkpoint, otherwise from epoch 1.
   * @throws {@link OptionError} for bad options, {@link DataError} if the loader yields no batch, {@link DivergedError} for a loss or a
   * gradient that is not finite, the signal's reason if it is aborted; all of them when the run is awaited or iterated.
   *
   * @example
   * await trainer.fit(loader, { epochs: 100 });
   * for await (const { epoch, loss } of trainer.fit(loader, { epochs: 100, signal })) plot(epoch, loss);
   */
  fit(loader: Batches, options: FitOptions): Fit {
    const run = { history: new History() };
    return new Fit(this.#fit(loader, options, run), () => run.history);
  }

  /** Trains for some epochs; sets `run.history` once it has begun. */
  async *#fit(
    loader: Batches,
    options: FitOptions,
    run: { history: History },
  ): AsyncGenerator<EpochReport, void, void> {
    this.#steps.check("Trainer.fit");
    const plan = fitPlan("Trainer.fit", this.#device, loader, options);
    if (this.#fitting)
      throw new OptionError("Trainer.fit: this trainer is fitting already; end or abort that run first");
    if (this.#resuming)
      throw new OptionError("Trainer.fit: this trainer is going back to a checkpoint; await resume() first");
    this.#fitting = true;
    try {
      if (plan.onDeviceLost === "throw") yield* (await this.#begin(plan, this.#resumed, run)).run();
      else yield* this.#recovering(plan, run);
    } catch (error) {
      throw this.#steps.goneBehind("Trainer.fit", error);
    } finally {
      this.#fitting = false;
    }
  }

  /** Begins a run: a new one, or one that goes on from a state. */
  async #begin(plan: FitPlan, state: TrainerState | null, run: { history: History }): Promise<FitLoop> {
    const { model, optimizer, metrics } = this;
    const { accumulate, onNonFinite } = this.#settings;
    const steps = this.#steps;
    const history = new History(state?.history);
    run.history = history;
    const checkpoint = () => this.#checkpoint(true);
    const parts = { model, optimizer, metrics, steps, accumulate, onNonFinite, history, checkpoint };
    const loop = new FitLoop(parts, plan, state);
    await loop.start();
    steps.startOver();
    this.#loop = loop;
    this.#resumed = null;
    this.#history = history;
    return loop;
  }

  /** Trains, and goes on with a new device from the last state in memory when the device is lost. */
  async *#recovering(plan: FitPlan, run: { history: History }): AsyncGenerator<EpochReport, void, void> {
    await recovery.load();
    yield* recovery.module.recovering(plan, {
      device: () => this.#device,
      request: (options) => Device.request(options),
      mayBeLoss: (error) => error instanceof WebGpuLstmError,
      Refusal: OptionError,
      begin: (watched, kept) => this.#begin(watched, kept?.state ?? this.#resumed, run),
      keep: () => this.#keep(),
      moveTo: (device, kept) => this.#moveTo(device, kept),
    });
  }

  /** The run as it is at the call, in host memory. */
  async #keep(): Promise<Kept> {
    const { model, optimizer } = this;
    const all = [...model.parameters(), ...model.buffers(), ...optimizer.parameters];
    const values = new Map<Parameter, Float32Array>();
    const read = () => {
      const { settled } = this.#steps;
      return Promise.all([
        this.#loop!.snapshot(),
        optimizer.stateDict(),
        ...[...new Set(all)].map(async (parameter) => {
          const reading = settled ? settled.read(parameter) : parameter.read();
          values.set(parameter, (await reading).data);
        }),
      ]);
    };
    const [state, saved] = await this.#loop!.whenCounted(read);
    return { state, optimizer: saved, values };
  }

  /** Puts what was kept on another device. */
  async #moveTo(device: Device, { state, optimizer, values }: Kept): Promise<void> {
    await this.#steps.dispose();
    for (const [parameter, value] of values) parameter.leave(value);
    this.#device = device;
    this.#steps = new TrainerSteps(device, this.model, this.#settings);
    await this.#steps.restart(state.steps);
    this.optimizer.loadStateDict(optimizer);
  }

  /** Mean loss and metrics over all batches, without training. */
  async evaluate(loader: Batches, ...more: never[]): Promise<Evaluation> {
    const where = "Trainer.evaluate";
    checkNoMore(where, more, "metrics are an option of the Trainer");
    this.#steps.check(where);
    checkBatches(where, "the loader", loader);
    return this.#steps.whole(where, () => evaluate(where, this.#steps, this.metrics, loader));
  }

  /**
   * The model's predictions for the samples of `x`, in order. With `carryState` every sample starts from a state of zero; use a
   * `Stream` to carry a state from call to call.
   * @param x Shape [N, …]: an array with its shape, or arrays of arrays.
   */
  async predict(x: NumberNDArray | NestedNumbers, options: PredictOptions = {}): Promise<NDArray> {
    const where = "Trainer.predict";
    this.#steps.check(where);
    return this.#steps.whole(where, () => predict(where, this.#steps, x, options));
  }

  /**
   * The state of the run at the time of the call, as one safetensors file: model, optimizer, {@link config}, position in the data, random
   * numbers, history, and the callbacks' states. Call it at any time: while {@link fit} is running, in the middle of an epoch, or after
   * the run was aborted or left. Waits for the GPU.
   * @throws {@link OptionError} in a callback's `onBatchEnd` and `onEpochEnd`, since the run is between two states there;
   * {@link DivergedError} if the run has diverged, unless `onNonFinite` is "ignore".
   */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#checkpoint(this.#settings.onNonFinite !== "ignore");
  }

  /** @param finite Whether to throw for numbers that are not. */
  async #checkpoint(finite: boolean): Promise<Uint8Array<ArrayBuffer>> {
    const where = "Trainer.checkpoint";
    this.#steps.check(where);
    checkStateful(where, this.optimizer);
    // All reads start before the first await: they show one moment, even if training goes on.
    const read = () =>
      Promise.all([
        this.#loop?.snapshot() ?? Promise.resolve(this.#resumed ?? newState()),
        (this.#steps.settled ?? this.model).stateDict(),
        this.optimizer.stateDict(),
      ]);
    const config = resolveJson(this.config);
    const reads = this.#loop ? this.#loop.whenCounted(read) : read();
    const [state, model, optimizer] = await this.#steps.whole(where, () => reads);
    const { carried } = state;
    const bad = finite
      ? firstNonFinite(this.model, this.optimizer, { values: model, state: optimizer, carried })
      : null;
    if (bad !== null) {
      const { epoch, batch } = state;
      throw await divergedState(where, this.#loop?.trained ?? { epoch, batch, loss: Number.NaN }, bad);
    }
    const { json, tensors } = writeState(state);
    return saveCheckpoint({
      model,
      optimizer,
      trainer: tensors,
      config: { trainer: json, ...(config !== undefined && { config: config as Json }) },
    });
  }

  /**
   * Restores a checkpoint: model, optimizer and {@link config} at once, everything else with the next {@link fit}. Pass that call the same
   * loader, validation, schedule and callbacks, or new ones with the same settings; on the same adapter it then computes the same bits
   * as the uninterrupted run.
   * @throws {@link DataError} for a file that is not a trainer's checkpoint, {@link StateDictError} for a checkpoint of another model or
   * optimizer. Nothing changes in either case.
   */
  async resume(bytes: Uint8Array | ArrayBuffer): Promise<void> {
    const where = "Trainer.resume";
    this.#steps.check(where);
    checkStateful(where, this.optimizer);
    if (this.#fitting)
      throw new OptionError(`${where}: this trainer is fitting; end or abort that run first`);
    if (this.#resuming)
      throw new OptionError(`${where}: this trainer is going back to another checkpoint; await that first`);
    this.#resuming = true;
    try {
      await this.#goBack(where, bytes);
    } finally {
      this.#resuming = false;
    }
  }

  async #goBack(where: string, bytes: Uint8Array | ArrayBuffer): Promise<void> {
    const file = loadCheckpoint(bytes);
    const { trainer, config } = (file.config ?? {}) as { trainer?: Json; config?: Json };
    const state = readState(where, trainer, file.trainer ?? new Map());
    const hasBegun = state.epoch > 1 || state.batch > 0;
    if (hasBegun && (state.carried !== null) !== this.#settings.carryState) {
      throw new OptionError(
        `${where}: the checkpoint was taken ${this.#settings.carryState ? "without" : "with"} carryState, and this trainer is made ` +
          `${this.#settings.carryState ? "with" : "without"} it; make it as that one was`,
      );
    }
    await loadInto(where, file, { model: this.model, optimizer: this.optimizer });
    this.config = config;
    this.#loop = null;
    this.#resumed = state;
    this.#history = new History(state.history);
    await this.#steps.restart(state.steps);
  }

  /** The training program as a table; the first batch compiles it. */
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
