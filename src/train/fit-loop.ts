import { DataError, OptionError } from "../errors.ts";
import type { Module } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { MARKS } from "../plan/watch.ts";
import type { InputValue } from "../run/inputs.ts";
import type { CompiledStep } from "../run/step.ts";
import { checkBatch, type LoadedBatch } from "./batches.ts";
import { CallbackList, restoreCallbacks } from "./callback-list.ts";
import type { FitRun } from "./callbacks.ts";
import { CarriedState } from "./carried-state.ts";
import { checkPosition } from "./check-state.ts";
import { DataFeed } from "./data-feed.ts";
import type { EpochTally } from "./epoch-tally.ts";
import { evaluate } from "./evaluation.ts";
import type { OnNonFinite } from "./finite.ts";
import type { FitPlan } from "./fit-options.ts";
import type { History } from "./history.ts";
import type { Metric } from "./metrics.ts";
import type { EpochReport, Evaluation, TrainedBatch } from "./report.ts";
import { Soundness } from "./soundness.ts";
import type { TrainerState } from "./state.ts";
import type { TrainerSteps } from "./steps.ts";

const WHERE = "Trainer.fit";

/** Batches from one background read to the next, where updates may be left out. */
const READ_EVERY = 16;

/** What a run takes from its trainer. */
export interface FitParts {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly steps: TrainerSteps;
  readonly metrics: readonly Metric[];
  /** Batches to an update. */
  readonly accumulate: number;
  readonly onNonFinite: OnNonFinite;
  readonly history: History;
  checkpoint(): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * One run of `fit`. Work and the record of it change together, with nothing awaited between, so that {@link snapshot} is consistent
 * whenever it is called.
 */
export class FitLoop implements FitRun {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly history: History;
  readonly resumed: boolean;
  readonly monitors: readonly string[];
  epoch: number;
  readonly #parts: FitParts;
  readonly #plan: FitPlan;
  readonly #callbacks: CallbackList;
  readonly #feed: DataFeed;
  readonly #carried: CarriedState;
  readonly #soundness: Soundness;
  #tally: EpochTally;
  /** The state that the first epoch goes on from; `null` once that has begun. */
  #restart: TrainerState | null;
  #stopped = false;
  /** Settles when a read is over that no batch may disturb. */
  #held: Promise<unknown> = Promise.resolve();
  /** The batch that was trained last; `null` before the first of this run. */
  #trained: Omit<TrainedBatch, "loss"> | null = null;

  /** @param resumed The state to go on from; `null` for a new run. */
  constructor(parts: FitParts, plan: FitPlan, resumed: TrainerState | null) {
    this.#feed = new DataFeed(WHERE, plan.loader, plan, resumed);
    const { batches } = this.#feed;
    if (resumed?.batches && batches !== undefined && resumed.batches !== batches) {
      throw new DataError(
        `${WHERE}: the checkpoint was taken with ${resumed.batches} batches in an epoch, now it has ${batches}; give it the ` +
          "same data, batch size and batchesPerEpoch",
      );
    }
    if (resumed) {
      checkPosition(WHERE, resumed, { length: plan.loader.length, batchesPerEpoch: plan.batchesPerEpoch });
    }
    this.#parts = parts;
    this.#plan = plan;
    this.#callbacks = new CallbackList(plan.callbacks);
    this.#carried = new CarriedState(WHERE, parts.steps, resumed?.carried);
    this.#soundness = new Soundness(WHERE, parts);
    this.#tally = this.#soundness.newTally(resumed);
    this.#restart = resumed;
    this.model = parts.model;
    this.optimizer = parts.optimizer;
    this.history = parts.history;
    this.epoch = resumed?.epoch ?? 1;
    const validated = plan.validation ? ["validationLoss", ...parts.metrics.map(({ name }) => name)] : [];
    this.monitors = ["loss", ...validated];
    const saved = resumed?.callbacks ?? null;
    this.resumed = saved !== null;
    if (saved) restoreCallbacks(WHERE, plan.callbacks, saved);
  }

  get onNonFinite(): OnNonFinite {
    return this.#parts.onNonFinite;
  }

  get epochs(): number {
    return this.#plan.epochs;
  }

  get batch(): number {
    return this.#tally.batches;
  }

  get batches(): number | undefined {
    return this.#feed.batches;
  }

  get loss(): number | undefined {
    const { soFar } = this.#tally;
    return soFar.weight > 0 ? this.#parts.steps.lossOf(soFar) : undefined;
  }

  /** The batch that was trained last, and the mean loss of its epoch so far. */
  get trained(): TrainedBatch {
    const { epoch, batch } = this.#trained ?? this;
    return { epoch, batch, loss: this.loss ?? this.history.reports.at(-1)?.loss ?? Number.NaN };
  }

  stop(): void {
    this.#stopped = true;
  }

  checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#parts.checkpoint();
  }

  /** Lets the callbacks begin, and goes to where a resumed run was. Nothing has been trained where this throws. */
  async start(): Promise<void> {
    await this.#callbacks.each((callback) => callback.onFitStart?.(this));
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
      if (this.#trained) await this.#soundness.checkState(this.trained);
    } finally {
      this.#feed.close();
      // The optimizer counts the steps that are known. Where the GPU is gone, none become known.
      if (this.onNonFinite === "skip") await this.#tally.catchUp().catch(() => {});
    }
    await this.#callbacks.each((callback) => callback.onFitEnd?.(this));
  }

  /** Calls `read` at once, or where updates may be left out when those of all batches so far are known, before another batch. */
  whenCounted<T>(read: () => Promise<T>): Promise<T> {
    if (this.onNonFinite !== "skip") return read();
    const counted = this.#tally.catchUp();
    const begun = counted.then(() => ({ reading: read() }));
    this.#held = begun.catch(() => {});
    return begun.then(({ reading }) => reading);
  }

  /** The run's state at the call: a run that is resumed from it does what this run does from here on. */
  async snapshot(): Promise<TrainerState> {
    if (this.#callbacks.acting) {
      throw new OptionError(
        "Trainer.checkpoint: callbacks are acting on the run; take it in onSettled, in onProgress or between epochs",
      );
    }
    if (this.#restart) return this.#restart;
    const now = {
      ...this.#feed.position(),
      epoch: this.epoch,
      batches: this.batches ?? null,
      steps: this.#parts.steps.randomStates(this.#tally.open),
      history: this.history.reports.filter(({ epoch }) => epoch < this.epoch),
    };
    const tallied = this.#tally;
    const [tally, carried, callbacks] = await Promise.all([
      tallied.snapshot(),
      this.#carried.read(),
      this.#callbacks.save(),
    ]);
    await this.#soundness.checkLosses(tallied, now.epoch);
    return { ...now, ...tally, carried, callbacks };
  }

  /** Trains one epoch; `null` if it was stopped in the middle. */
  async #epoch(): Promise<EpochReport | null> {
    const { signal } = this.#plan;
    const tally = this.#tally;
    tally.startClock();
    try {
      for (let drawn = this.#feed.next(this.batch); drawn; drawn = this.#feed.next(this.batch)) {
        const { batch, isFirst } = drawn;
        const samples = checkBatch(WHERE, batch);
        const state = this.#carried.inputs(batch, isFirst);
        const step = await this.#parts.steps.train(batch);
        await step.ready();
        signal?.throwIfAborted();
        await this.#held;
        if (this.#soundness.diverged) throw await this.#soundness.diverged;
        await this.#afterBatch(this.#train(step, batch, state, samples));
        if (!this.#stopped) continue;
        await tally.catchUp();
        await this.#soundness.checkLosses(tally, this.epoch);
        return null;
      }
    } finally {
      tally.stopClock();
    }
    if (this.batch === 0) {
      const why =
        this.history.length === 0
          ? "give it at least one; a generator that has run before gives none"
          : "it must give its batches anew every time it is iterated, as a DataLoader or an array does; a generator runs only once";
      throw new DataError(`${WHERE}: the loader gave no batch in epoch ${this.epoch}; ${why}`);
    }
    this.#feed.freeze();
    tally.startClock();
    const loss = this.#parts.steps.lossOf(await tally.losses());
    tally.stopClock();
    await this.#soundness.checkEpoch(tally, loss, this.trained);
    signal?.throwIfAborted();
    const evaluation = await this.#validate();
    if (evaluation && !Number.isFinite(evaluation.loss)) await this.#soundness.checkState(this.trained);
    const report = this.#report(loss, evaluation);
    this.history.add(report);
    await this.#callbacks.act((callback) => callback.onEpochEnd?.(this, report));
    this.epoch++;
    this.#tally = this.#soundness.newTally();
    this.#feed.advance();
    await this.#callbacks.each((callback) => callback.onSettled?.(this, report));
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
    this.#tally.add(
      results["loss"]!,
      weight,
      updated,
      steps.watch ? MARKS.map((name) => results[name]!) : [],
    );
    this.#trained = { epoch: this.epoch, batch: this.batch };
    return updated;
  }

  async #afterBatch(updated: boolean): Promise<void> {
    const { onProgress } = this.#plan;
    const tally = this.#tally;
    await this.#callbacks.act((callback) => callback.onBatchEnd?.(this, updated));
    await tally.settle();
    // Asking for the loss reads in the background, so that few updates are of unknown outcome.
    if (this.onNonFinite === "skip" && this.batch % READ_EVERY === 0) void this.loss;
    await this.#soundness.checkLosses(tally, this.epoch);
    if (!onProgress && !this.#callbacks.settles) return;
    tally.stopClock();
    await this.#callbacks.each((callback) => callback.onSettled?.(this));
    if (onProgress) {
      const { epoch, epochs, batch, batches, loss } = this;
      // A loss may have come back while callbacks acted.
      await this.#soundness.checkLosses(tally, epoch);
      await onProgress({ epoch, epochs, batch, batches, loss });
    }
    tally.startClock();
  }

  /** Evaluates the validation batches, if the epoch is one after which they are due. */
  async #validate(): Promise<Evaluation | null> {
    const { signal, validation, validateEvery } = this.#plan;
    const isDue = this.epoch % validateEvery === 0 || this.epoch === this.epochs;
    if (!validation || !isDue) return null;
    return evaluate(WHERE, this.#parts.steps, this.#parts.metrics, validation, signal);
  }

  #report(loss: number, evaluation: Evaluation | null): EpochReport {
    const { lr }: { readonly lr?: number } = this.optimizer;
    const { seconds, skipped } = this.#tally;
    const updates = this.#tally.updates - skipped;
    return {
      epoch: this.epoch,
      loss,
      ...(evaluation && { validationLoss: evaluation.loss }),
      ...(evaluation && this.#parts.metrics.length > 0 && { metrics: evaluation.metrics }),
      ...(typeof lr === "number" && { learningRate: lr }),
      steps: updates,
      ...(this.onNonFinite === "skip" && { skipped }),
      seconds,
      stepsPerSecond: updates / seconds,
    };
  }
}
