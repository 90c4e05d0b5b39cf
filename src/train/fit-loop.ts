import { DataError, OptionError } from "../errors.ts";
import type { Module } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { InputValue } from "../run/inputs.ts";
import type { CompiledStep } from "../run/step.ts";
import { checkBatch, type LoadedBatch } from "./batches.ts";
import type { Callback, FitRun } from "./callbacks.ts";
import { CarriedState } from "./carried-state.ts";
import { DataFeed } from "./data-feed.ts";
import { evaluate, weighted } from "./evaluation.ts";
import type { FitPlan } from "./fit-options.ts";
import type { History } from "./history.ts";
import type { Metric } from "./metrics.ts";
import { Readings } from "./readings.ts";
import type { EpochReport } from "./report.ts";
import { restoreCallbacks, type TrainerState } from "./state.ts";
import type { TrainerSteps } from "./steps.ts";

const WHERE = "Trainer.fit";

/** What a run has from its trainer. */
export interface FitParts {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly steps: TrainerSteps;
  readonly metrics: readonly Metric[];
  /** Batches to an update. */
  readonly accumulate: number;
  readonly history: History;
  checkpoint(): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * One run of `fit`. What it has done and what it knows of it change together, with nothing awaited between, so that
 * {@link snapshot} finds them in agreement whenever it is called.
 */
export class FitLoop implements FitRun {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly history: History;
  readonly resumed: boolean;
  readonly monitors: readonly string[];
  epoch = 1;
  batch = 0;
  readonly #parts: FitParts;
  readonly #plan: FitPlan;
  readonly #feed: DataFeed;
  readonly #carried: CarriedState;
  /** What the first epoch goes on from, until it has begun. */
  #restart: TrainerState | null;
  /** Batches and readings of this epoch up to the last update: what comes after is done again by a resumed run. */
  #done = { batches: 0, readings: 0, updates: 0 };
  /** Loss sums of the epoch's batches before the run was resumed. */
  #before = { sum: 0, weight: 0 };
  #readings = new Readings();
  #seconds = 0;
  /** When the stretch of training that is being timed began; `null` between stretches. */
  #clock: number | null = null;
  #inCallbacks = false;
  #stopped = false;

  /** @param resumed What to go on from; `null` for a new run. */
  constructor(parts: FitParts, plan: FitPlan, resumed: TrainerState | null) {
    this.#feed = new DataFeed(WHERE, plan.loader, plan, resumed);
    const { batches } = this.#feed;
    if (resumed?.batches && batches !== undefined && resumed.batches !== batches) {
      throw new DataError(
        `${WHERE}: the checkpoint was taken with ${resumed.batches} batches in an epoch, now it has ${batches}; give it the ` +
          "same data, batch size and batchesPerEpoch",
      );
    }
    this.#parts = parts;
    this.#carried = new CarriedState(WHERE, parts.steps, resumed?.carried);
    this.#plan = plan;
    this.model = parts.model;
    this.optimizer = parts.optimizer;
    this.history = parts.history;
    this.#restart = resumed;
    this.resumed = resumed !== null && resumed.callbacks !== null;
    const validated = plan.validation ? ["validationLoss", ...parts.metrics.map(({ name }) => name)] : [];
    this.monitors = ["loss", ...validated];
    if (!resumed) return;
    this.epoch = resumed.epoch;
    this.batch = resumed.batch;
    this.#done = { batches: resumed.batch, readings: 0, updates: resumed.updates };
    this.#before = resumed.loss;
    this.#seconds = resumed.seconds;
    if (resumed.callbacks) restoreCallbacks(WHERE, plan.callbacks, resumed.callbacks);
  }

  get epochs(): number {
    return this.#plan.epochs;
  }

  get batches(): number | undefined {
    return this.#feed.batches;
  }

  get loss(): number | undefined {
    const { soFar } = this.#readings;
    const [sum, weight] = [this.#before.sum + soFar.sum, this.#before.weight + soFar.weight];
    return weight > 0 ? sum / weight : undefined;
  }

  stop(): void {
    this.#stopped = true;
  }

  checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#parts.checkpoint();
  }

  /** Asks the callbacks, and goes to where a resumed run was. Nothing has been trained where this refuses. */
  async start(): Promise<void> {
    await this.#each((callback) => callback.onFitStart?.(this));
    if (!this.#restart || this.epoch > this.epochs || this.#stopped) return;
    this.#feed.restore();
    this.#restart = null;
  }

  /** Trains epoch by epoch. */
  async *run(): AsyncGenerator<EpochReport, void, void> {
    try {
      while (this.epoch <= this.epochs && !this.#stopped) {
        const report = await this.#epoch();
        if (report) yield report;
      }
    } finally {
      this.#feed.close();
    }
    await this.#each((callback) => callback.onFitEnd?.(this));
  }

  /** Where the run is: a resumed one does from here on what this one does. */
  async snapshot(): Promise<TrainerState> {
    if (this.#inCallbacks) {
      throw new OptionError(
        "Trainer.checkpoint: callbacks are acting on the run; take it in onSettled, in onProgress or between epochs",
      );
    }
    if (this.#restart) return this.#restart;
    const { callbacks } = this.#plan;
    const { batches, readings: count, updates } = this.#done;
    const [readings, before, seconds] = [this.#readings, this.#before, this.#elapsed()];
    const state = {
      ...this.#feed.position(),
      epoch: this.epoch,
      batch: batches,
      batches: this.batches ?? null,
      updates,
      seconds,
      steps: this.#parts.steps.randomStates(this.batch - batches),
      history: this.history.reports.filter(({ epoch }) => epoch < this.epoch),
    };
    const saved = callbacks.flatMap(({ name, state }, i) =>
      state ? [{ name: name!, state: Promise.resolve(state.call(callbacks[i]!)) }] : [],
    );
    const [carried, readSoFar, states] = await Promise.all([
      this.#carried.read(),
      readings.all(count),
      Promise.all(saved.map(async ({ name, state }) => ({ name, state: await state }))),
    ]);
    return { ...state, carried, loss: weighted(readSoFar, before), callbacks: states };
  }

  /** One epoch; `null` if it was ended in the middle. */
  async #epoch(): Promise<EpochReport | null> {
    const { signal, validation, validateEvery } = this.#plan;
    const { steps, metrics } = this.#parts;
    this.#clock = performance.now();
    try {
      for (let drawn = this.#feed.next(this.batch); drawn; drawn = this.#feed.next(this.batch)) {
        const { batch, isFirst } = drawn;
        const samples = checkBatch(WHERE, batch);
        const state = this.#carried.inputs(batch, isFirst);
        const step = await steps.train(batch);
        await step.ready();
        signal?.throwIfAborted();
        await this.#afterBatch(this.#train(step, batch, state, samples));
        if (this.#stopped) return null;
      }
    } finally {
      this.#pause();
    }
    if (this.batch === 0) {
      throw new DataError(
        `${WHERE}: the loader gave no batch; with dropLast the data set may be smaller than a batch`,
      );
    }
    this.#feed.freeze();
    this.#clock = performance.now();
    const { sum, weight } = weighted(await this.#readings.all(), this.#before);
    this.#pause();
    signal?.throwIfAborted();
    const isDue = validation && (this.epoch % validateEvery === 0 || this.epoch === this.epochs);
    const evaluation = isDue ? await evaluate(WHERE, steps, metrics, validation, signal) : null;
    const { lr } = this.optimizer as { readonly lr?: unknown };
    const [seconds, updates] = [this.#seconds, this.#done.updates];
    const report: EpochReport = {
      epoch: this.epoch,
      loss: sum / weight,
      ...(evaluation && { validationLoss: evaluation.loss }),
      ...(evaluation && metrics.length > 0 && { metrics: evaluation.metrics }),
      ...(typeof lr === "number" && { learningRate: lr }),
      steps: updates,
      seconds,
      stepsPerSecond: updates / seconds,
    };
    this.history.add(report);
    await this.#act((callback) => callback.onEpochEnd?.(this, report));
    this.#advance();
    await this.#each((callback) => callback.onSettled?.(this, report));
    return report;
  }

  /** Runs the training step and counts it; tells whether an update followed. */
  #train(
    step: CompiledStep,
    batch: LoadedBatch,
    state: Readonly<Record<string, InputValue>>,
    samples: number,
  ): boolean {
    const { accumulate, steps } = this.#parts;
    const isLast = accumulate > 1 && this.#feed.isLast(this.batch);
    const weight = steps.weightOf(batch, samples);
    const options = { ...(!steps.sumsLosses && { weight }), ...(isLast && { update: true }) };
    const results = step.run({ x: batch.x, y: batch.y, ...state }, accumulate > 1 ? options : {});
    const updated = step.pending === 0;
    this.#feed.ran(updated);
    this.#carried.take(results, updated);
    this.batch++;
    this.#readings.add([results["loss"]!], weight);
    if (!updated) return false;
    const { updates } = this.#done;
    this.#done = { batches: this.batch, readings: this.#readings.length, updates: updates + 1 };
    return true;
  }

  async #afterBatch(updated: boolean): Promise<void> {
    const { onProgress, callbacks } = this.#plan;
    await this.#act((callback) => callback.onBatchEnd?.(this, updated));
    await this.#readings.settle();
    if (!onProgress && callbacks.every(({ onSettled }) => !onSettled)) return;
    this.#pause();
    await this.#each((callback) => callback.onSettled?.(this));
    if (onProgress) {
      const { epoch, epochs, batch, batches, loss } = this;
      await onProgress({ epoch, epochs, batch, batches, loss });
    }
    this.#clock = performance.now();
  }

  /** To the beginning of the next epoch. */
  #advance(): void {
    this.epoch++;
    this.batch = 0;
    this.#done = { batches: 0, readings: 0, updates: 0 };
    this.#before = { sum: 0, weight: 0 };
    this.#readings = new Readings();
    this.#seconds = 0;
    this.#feed.advance();
  }

  #elapsed(): number {
    return this.#seconds + (this.#clock === null ? 0 : (performance.now() - this.#clock) / 1000);
  }

  /** Stops the clock. */
  #pause(): void {
    this.#seconds = this.#elapsed();
    this.#clock = null;
  }

  /** Calls the callbacks while no snapshot can be taken. */
  async #act(call: (callback: Callback) => unknown): Promise<void> {
    this.#inCallbacks = true;
    try {
      await this.#each(call);
    } finally {
      this.#inCallbacks = false;
    }
  }

  /** Calls the callbacks, one after the other; waits for those alone that ask for it. */
  async #each(call: (callback: Callback) => unknown): Promise<void> {
    for (const callback of this.#plan.callbacks) {
      const answer = call(callback);
      if (answer instanceof Promise) await answer;
    }
  }
}
