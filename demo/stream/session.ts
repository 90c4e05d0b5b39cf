/** A session from Start to Stop: records normal data, learns it in a worker, and watches a signal. */
import type { NDArray } from "webgpu-lstm";
import { connect, type RemoteTrainer } from "webgpu-lstm/worker";
import { Estimate } from "../training/estimate.ts";
import { epochsOf, SHORTEST } from "./model/lesson.ts";
import { WARM_UP } from "./model/model.ts";
import type { StreamConfig } from "./model/worker.ts";
import { normalSensors } from "./signals/sensor.ts";
import type { LiveSource, Source, SourceKind } from "./signals/source.ts";
import { openLive, SensorSource } from "./signals/sources.ts";
import { AnomalyDetector, factorFor, type Normal, normalOf } from "./watching/detector.ts";
import { type Answer, Watch } from "./watching/watch.ts";

export interface Settings {
  readonly kind: SourceKind;
  readonly streams: number;
  /** Values a second. */
  readonly rate: number;
  /** Seconds for which a live signal is recorded before it is learned. */
  readonly calibration: number;
}

/** A learned model, which can be used again. */
export interface Learned {
  readonly recordings: readonly Float32Array[];
  readonly weights: ReadonlyMap<string, NDArray>;
  readonly normal: Normal;
  /** Whether it came with this page. */
  readonly shipped?: boolean;
}

/**
 * opening (permission, worker, GPU) → calibrating (live signals only) → learning → watching ⇄ paused; from any phase stopped or failed.
 */
export type Phase = "opening" | "calibrating" | "learning" | "watching" | "paused" | "stopped" | "failed";

export interface SessionEvents {
  /** Called at every change; it is called often and must be quick. */
  onChange(): void;
  /** Called when there is a model of normal data. */
  onLearned(learned: Learned): void;
}

export class Session {
  readonly settings: Settings;
  phase: Phase = "opening";
  /** The share of the calibration or of the training that is done. */
  done = 0;
  secondsLeft: number | undefined;
  /** Complete training epochs, and the number of all epochs. */
  epoch = 0;
  epochs = 0;
  adapter: string | undefined;
  error: unknown;
  watch: Watch | undefined;
  detector: AnomalyDetector | undefined;
  source: Source | undefined;
  /** The model in use. */
  learned: Learned | undefined;
  streams: number;
  /** Median step in the worker by number of streams, in ms. */
  readonly medians = new Map<number, number>();
  readonly #events: SessionEvents;
  readonly #abort = new AbortController();
  #trainer: RemoteTrainer | undefined;
  #factor: number | undefined;
  #rate: number;
  /** A queue of changes of the stream. */
  #changing: Promise<unknown> = Promise.resolve();
  #isChanging = false;

  /** @param learned A model of the same signal at the same rate, which is used instead of a new one */
  constructor(settings: Settings, learned: Learned | Promise<Learned> | undefined, events: SessionEvents) {
    this.settings = settings;
    this.streams = settings.streams;
    this.#rate = settings.rate;
    this.#events = events;
    this.#run(learned).catch((error: unknown) => this.#fail(error));
  }

  /** The threshold in sigmas; the default lies beyond all normal values. */
  set factor(value: number) {
    this.#factor = value;
    if (this.detector) this.detector.factor = value;
  }

  get live(): boolean {
    return this.settings.kind !== "sensor";
  }

  pause(): void {
    if (this.phase !== "watching") return;
    this.watch!.stop();
    this.#enter("paused");
  }

  resume(): void {
    if (this.phase !== "paused") return;
    this.#enter("watching");
    if (!this.#isChanging) this.watch!.start();
  }

  /** Values a second; for a live signal, the rate of its calibration. */
  set rate(value: number) {
    this.#rate = value;
    if (this.watch) this.watch.rate = value;
  }

  /** Restarts the streams with a zero state. */
  reset(): void {
    if (!this.watch) return;
    this.watch.begin();
    this.#call("reset");
  }

  /** Changes the number of streams, and restarts them. */
  setStreams(count: number): void {
    this.streams = count;
    const { watch } = this;
    if (!watch) return;
    watch.stop();
    // First: the stream's end rejects a pending step, which is not a failure.
    watch.begin();
    this.#isChanging = true;
    this.#changing = this.#changing.then(async () => {
      if (this.streams !== count || this.#abort.signal.aborted) return;
      await this.#trainer!.call("open", count);
      if (this.streams !== count) return;
      this.#isChanging = false;
      watch.forgetTimes();
      if (this.phase === "watching") watch.start();
      this.#events.onChange();
    });
    this.#changing.catch((error: unknown) => this.#fail(error));
  }

  /** Stops at once: stops reading, and ends the worker, which frees the GPU. */
  stop(): void {
    if (this.#abort.signal.aborted) return;
    this.#end();
    this.#enter("stopped");
  }

  #end(): void {
    this.#abort.abort();
    this.watch?.stop();
    this.source?.close();
    this.#trainer?.terminate();
    this.#trainer = undefined;
  }

  async #run(before: Learned | Promise<Learned> | undefined): Promise<void> {
    const { kind } = this.settings;
    const known = await before;
    const source = kind === "sensor" ? new SensorSource() : await this.#openLive(kind);
    this.source = source;
    this.#abort.signal.throwIfAborted();
    const recordings = known?.recordings ?? (this.live ? await this.#calibrate(source) : normalSensors());
    const worker = new Worker(new URL("./model/worker.ts", import.meta.url), { type: "module" });
    const config: StreamConfig = { recordings };
    this.#abort.signal.addEventListener("abort", () => worker.terminate());
    const trainer = await connect(worker, config);
    this.#trainer = trainer;
    if (this.#abort.signal.aborted) return trainer.terminate();
    this.adapter = trainer.device;
    const learned = known ?? (await this.#learn(trainer, recordings));
    if (known) await trainer.loadStateDict(known.weights);
    await trainer.call("open", this.streams);
    this.#abort.signal.throwIfAborted();
    this.learned = learned;
    this.#events.onLearned(learned);
    this.#watch(trainer, source, learned.normal);
  }

  async #openLive(kind: Exclude<SourceKind, "sensor">): Promise<LiveSource> {
    const source = await openLive(kind);
    if (this.#abort.signal.aborted) source.close();
    else void source.ended.then((error) => this.#fail(error));
    return source;
  }

  /** Records normal data. */
  async #calibrate(source: Source): Promise<readonly Float32Array[]> {
    const { rate, calibration } = this.settings;
    const length = Math.max(SHORTEST, calibration * rate);
    const recording = new Float32Array(length);
    this.#enter("calibrating");
    const start = performance.now();
    for (let taken = 0; taken < length; taken++) {
      const wait = start + (1000 * taken) / rate - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      this.#abort.signal.throwIfAborted();
      recording[taken] = source.next(1)[0]!;
      this.done = taken / length;
      this.secondsLeft = (length - taken) / rate;
      this.#events.onChange();
    }
    return [recording];
  }

  async #learn(trainer: RemoteTrainer, recordings: readonly Float32Array[]): Promise<Learned> {
    this.epochs = epochsOf(trainer.loaders["train"]!);
    this.done = 0;
    this.secondsLeft = undefined;
    this.#enter("learning");
    const estimate = new Estimate();
    const { signal } = this.#abort;
    const onProgress = ({
      epoch,
      batch,
      batches,
    }: {
      epoch: number;
      batch: number;
      batches?: number | undefined;
    }) => {
      this.done = (epoch - 1 + batch / batches!) / this.epochs;
      estimate.mark(this.done, performance.now() / 1000);
      this.secondsLeft = estimate.secondsLeft;
      this.#events.onChange();
    };
    const run = trainer.fit("train", {
      epochs: this.epochs,
      validation: "heldOut",
      callbacks: ["best"],
      signal,
      onProgress,
    });
    for await (const { epoch } of run) this.epoch = epoch;
    const normal = normalOf(await trainer.call<Float32Array>("residuals"), recordings.length);
    return { recordings, normal, weights: await trainer.stateDict() };
  }

  #watch(trainer: RemoteTrainer, source: Source, normal: Normal): void {
    const detector = new AnomalyDetector(normal, this.#factor ?? factorFor(normal), WARM_UP);
    // All streams are copies of one live signal, so only the first is checked.
    if (this.live) detector.only = 0;
    this.detector = detector;
    this.watch = new Watch({
      rate: this.#rate,
      detector,
      next: () => source.next(this.streams),
      ask: (values) => trainer.call<Answer>("step", values),
      held: () => document.hidden,
      afterGap: () => {
        if (this.live) this.reset();
      },
      onStep: () => {
        const median = this.watch!.inWorker.quantile(0.5);
        if (this.watch!.inWorker.count >= 10) this.medians.set(this.streams, median!);
        this.#events.onChange();
      },
      onFailure: (error) => this.#fail(error),
    });
    this.secondsLeft = undefined;
    this.#enter("watching");
    this.watch.start();
  }

  #call(action: string): void {
    this.#trainer?.call(action).catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    // When the worker ends, all pending calls fail.
    if (this.#abort.signal.aborted) return;
    this.#end();
    this.error = error;
    this.#enter("failed");
  }

  #enter(phase: Phase): void {
    this.phase = phase;
    this.#events.onChange();
  }
}
