/** A training run in a separate worker, as the page controls it: start, pause, resume, cancel, and its state. */
import { DivergedError, type Progress } from "webgpu-lstm";
import { connect, type RemoteTrainer } from "webgpu-lstm/worker";
import { Estimate } from "./estimate.ts";
import { KEEP } from "./keeper.ts";
import { isUnderWay, newSnapshot, type Phase, type Snapshot } from "./phase.ts";
import type { RunStart } from "./serve-run.ts";
import { forget, forgetInterrupted, hold, newName } from "./store.ts";

type Report = Snapshot["reports"][number];

/** The run that a view wants, and the view's reactions to it. Training waits for the promises that these functions return. */
export interface RunPlan<Config> {
  /** The view's name, under which its runs are stored. */
  readonly view: string;
  /** `new Worker(new URL("./train.worker.ts", import.meta.url), { type: "module" })` */
  worker(): Worker;
  /** Passed to the worker's `create`, and to the page after a reload: plain JSON. */
  readonly config: Config;
  readonly epochs: number;
  /** The option of `fit`; if not given, an epoch is a pass over the data. */
  readonly batchesPerEpoch?: number;
  /** The name of the worker's learning-rate schedule for `fit`. */
  readonly schedule?: string;
  /** The names of the worker's callbacks for `fit`. */
  readonly callbacks?: readonly string[];
  /** The name of a stored run to continue. */
  readonly resume?: string | undefined;
  /** Called when the snapshot changes; it is called often and must be quick. */
  onChange(): void;
  /** After each batch. */
  onBatch?(trainer: RemoteTrainer, progress: Progress): unknown;
  /** After each epoch, before a pause. */
  onEpoch?(trainer: RemoteTrainer, report: Report): unknown;
  /** After the visitor has paused training. */
  onPause?(trainer: RemoteTrainer): unknown;
  /** After the last epoch, before the phase is done. */
  onDone?(trainer: RemoteTrainer): unknown;
}

/** Time in ms after which an aborted run is ended with its worker. */
const PATIENCE = 700;

export class TrainingRun<Config> {
  readonly #plan: RunPlan<Config>;
  /** The run's name in the store. */
  readonly #name: string;
  readonly #abort = new AbortController();
  readonly #estimate = new Estimate();
  readonly #snapshot: { -readonly [K in keyof Snapshot]: Snapshot[K] };
  /** The worker's trainer; rejects if there is none. */
  readonly #trainer: Promise<RemoteTrainer>;
  #connected: RemoteTrainer | undefined;
  #training: Promise<void> = Promise.resolve();
  #resume: (() => void) | undefined;
  /** Lets other tabs have the run. */
  #release: (() => void) | undefined;
  /** Callbacks that wait for the next phase. */
  #awaitingPhase: (() => void)[] = [];
  #disposed = false;

  /** Starts the worker, which makes its trainer; the snapshot shows when it is ready or has failed. */
  constructor(plan: RunPlan<Config>) {
    this.#plan = plan;
    this.#name = plan.resume ?? newName(plan.view);
    this.#snapshot = newSnapshot("opening", plan.epochs);
    this.#trainer = this.#open();
    this.#trainer.catch((error) => this.#fail(error));
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** The trainer, once it is ready, for a view's own calls; they run between two batches. */
  get trainer(): RemoteTrainer | undefined {
    return this.#connected;
  }

  /** Trains in the background once the worker is ready; call it once. */
  start(): void {
    this.#enter("compiling");
    this.#training = this.#train().catch((error: unknown) => this.#fail(error));
  }

  /** Pauses training before the next batch; settles when it is paused and the run is saved. */
  async pause(): Promise<void> {
    const { phase } = this.#snapshot;
    if (phase === "training" || phase === "compiling") this.#enter("pausing");
    while (this.#snapshot.phase === "pausing") {
      await new Promise<void>((resolve) => this.#awaitingPhase.push(resolve));
    }
  }

  resume(): void {
    const { phase } = this.#snapshot;
    if (phase !== "pausing" && phase !== "paused") return;
    this.#estimate.restart();
    this.#enter("training");
    this.#resume?.();
  }

  /** Ends training within a second. The model keeps its weights, unless its worker must be ended. */
  async cancel(): Promise<void> {
    if (!isUnderWay(this.#snapshot.phase)) return;
    this.#enter("stopped");
    this.#abort.abort();
    this.#resume?.();
    const late = setTimeout(() => this.#end(), PATIENCE);
    await this.#training;
    clearTimeout(late);
    await this.#forget();
  }

  /** Ends the worker and frees its GPU memory. The view gets no more calls; a stored run stays stored. */
  dispose(): void {
    this.#disposed = true;
    this.#abort.abort();
    this.#resume?.();
    this.#end();
    this.#release?.();
  }

  /** The run is over: nothing of it stays stored. */
  async #forget(): Promise<void> {
    await forget(this.#name);
    this.#release?.();
  }

  #end(): void {
    this.#connected?.terminate();
    this.#connected = undefined;
  }

  async #open(): Promise<RemoteTrainer> {
    const { worker, config, resume } = this.#plan;
    this.#release = await hold(this.#name);
    if (!this.#release) throw new Error("Another tab has continued this run.");
    if (this.#disposed) this.#release();
    this.#abort.signal.throwIfAborted();
    const start: RunStart<Config> = { config, name: this.#name, resume: resume !== undefined };
    const trainer = await connect(worker(), start);
    if (this.#disposed) {
      trainer.terminate();
      throw this.#abort.signal.reason;
    }
    this.#connected = trainer;
    this.#snapshot.adapter = trainer.device;
    this.#snapshot.batches = this.#plan.batchesPerEpoch ?? trainer.loaders["train"];
    if (start.resume) this.#add(...(await trainer.history()).reports);
    if (this.#snapshot.phase === "opening") this.#enter("ready");
    return trainer;
  }

  async #train(): Promise<void> {
    const trainer = await this.#trainer;
    const { view, epochs, batchesPerEpoch, schedule, callbacks = [], resume, onEpoch, onDone } = this.#plan;
    const { signal } = this.#abort;
    if (resume === undefined) await forgetInterrupted(view);
    const run = trainer.fit("train", {
      epochs,
      ...(batchesPerEpoch && { batchesPerEpoch }),
      ...("validation" in trainer.loaders && { validation: "validation" }),
      ...(schedule && { schedule }),
      callbacks: [...callbacks, KEEP],
      signal,
      onProgress: (progress) => this.#progressed(trainer, progress),
    });
    for await (const report of run) {
      // A report can still arrive after Cancel; the page has said by then after how many epochs the run ended.
      signal.throwIfAborted();
      this.#add(report);
      this.#tell();
      await onEpoch?.(trainer, report);
    }
    signal.throwIfAborted();
    await onDone?.(trainer);
    await this.#forget();
    this.#enter("done");
  }

  #add(...reports: readonly Report[]): void {
    const all = [...this.#snapshot.reports, ...reports];
    Object.assign(this.#snapshot, { reports: all, epoch: all.at(-1)?.epoch ?? 0, batch: 0 });
    this.#snapshot.done = this.#snapshot.epoch / this.#plan.epochs;
  }

  async #progressed(trainer: RemoteTrainer, progress: Progress): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const { epoch, epochs, batch, batches } = progress;
    const done = (epoch - 1 + (batches ? batch / batches : 0)) / epochs;
    Object.assign(this.#snapshot, { batch, batches, done });
    this.#estimate.mark(done, performance.now() / 1000);
    this.#snapshot.secondsLeft = this.#estimate.secondsLeft;
    if (this.#snapshot.phase === "compiling") this.#enter("training");
    this.#tell();
    await this.#plan.onBatch?.(trainer, progress);
    if (this.#snapshot.phase === "pausing") await this.#held(trainer);
  }

  async #held(trainer: RemoteTrainer): Promise<void> {
    await Promise.all([trainer.call(KEEP), this.#plan.onPause?.(trainer)]);
    if (this.#snapshot.phase !== "pausing") return;
    this.#enter("paused");
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    this.#resume = undefined;
  }

  #fail(error: unknown): void {
    // A cancelled or disposed run has not failed.
    if (this.#abort.signal.aborted || this.#snapshot.phase === "failed") return;
    this.#snapshot.error =
      error instanceof DivergedError
        ? new Error(`The loss is no number in epoch ${error.epoch}. A smaller learning rate may help.`)
        : error;
    this.#enter("failed");
  }

  #enter(phase: Phase): void {
    this.#snapshot.phase = phase;
    if (phase !== "training") this.#snapshot.secondsLeft = undefined;
    this.#tell();
    for (const resolve of this.#awaitingPhase.splice(0)) resolve();
  }

  #tell(): void {
    if (!this.#disposed) this.#plan.onChange();
  }
}
