/** One signal watched, from Start to Stop: recording what is normal, learning it in a worker, watching. */
import type { NDArray } from "webgpu-lstm";
import { connect, type RemoteTrainer } from "webgpu-lstm/worker";
import { Estimate } from "../training/estimate.ts";
import { AnomalyDetector, type Normal, normalOf } from "./detector.ts";
import { epochsOf, SHORTEST } from "./lesson.ts";
import { WARM_UP } from "./model.ts";
import { recordSensors } from "./sensor.ts";
import type { LiveSource, Source, SourceKind } from "./source.ts";
import { openLive, SensorSource } from "./sources.ts";
import { type Answer, Watch } from "./watch.ts";
import type { StreamConfig } from "./worker.ts";

export interface Settings {
  readonly kind: SourceKind;
  readonly streams: number;
  /** Values a second. */
  readonly rate: number;
  /** How long a live signal is recorded before it is learned, in seconds. */
  readonly calibration: number;
}

/** What was learned once need not be learned again. */
export interface Learned {
  readonly recordings: readonly Float32Array[];
  readonly weights: ReadonlyMap<string, NDArray>;
  readonly normal: Normal;
}

/**
 * opening (permission, worker, GPU) → calibrating (live signals only) → learning → watching ⇄ paused; from anywhere stopped or failed.
 */
export type Phase = "opening" | "calibrating" | "learning" | "watching" | "paused" | "stopped" | "failed";

export interface SessionEvents {
  /** Anything has changed: it comes often and must be quick. */
  onChange(): void;
  /** The model has learned what is normal. */
  onLearned(learned: Learned): void;
}

/** Synthetic sensors that are recorded, and how many values of each. */
const SENSORS = 12;
const SAMPLES = 480;

/** The seed of the recorded sensors; those that are watched have another. */
const SEED = 1;

export class Session {
  readonly settings: Settings;
  phase: Phase = "opening";
  /** Share of the calibration or of the training that is done. */
  done = 0;
  secondsLeft: number | undefined;
  /** Training epochs, complete and in all. */
  epoch = 0;
  epochs = 0;
  adapter: string | undefined;
  error: unknown;
  watch: Watch | undefined;
  detector: AnomalyDetector | undefined;
  source: Source | undefined;
  streams: number;
  /** Median step in the worker by number of streams, in ms. */
  readonly medians = new Map<number, number>();
  readonly #events: SessionEvents;
  readonly #abort = new AbortController();
  #trainer: RemoteTrainer | undefined;
  #factor: number | undefined;
  /** Changes of the stream, one after the other. */
  #changing: Promise<unknown> = Promise.resolve();
  #isChanging = false;

  /** @param learned Of the same signal at the same rate: then nothing is recorded and learned */
  constructor(settings: Settings, learned: Learned | undefined, events: SessionEvents) {
    this.settings = settings;
    this.streams = settings.streams;
    this.#events = events;
    this.#run(learned).catch((error: unknown) => this.#fail(error));
  }

  /** The threshold in sigmas; by default one beyond which no normal value lay. */
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

  /** Values a second; a live signal's is that of its calibration. */
  set rate(value: number) {
    if (this.watch) this.watch.rate = value;
  }

  /** The streams begin anew, with a state of zero. */
  reset(): void {
    if (!this.watch) return;
    this.watch.begin();
    this.#call("reset");
  }

  /** Watches so many streams from now on; they begin anew. */
  setStreams(count: number): void {
    this.streams = count;
    const { watch } = this;
    if (!watch) return;
    watch.stop();
    // Now: a step that is under way is answered with the end of its stream, which is no failure.
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

  /** Stops at once: nothing is read any more, and the worker's end frees the GPU. */
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

  async #run(known: Learned | undefined): Promise<void> {
    const { kind, rate } = this.settings;
    const source = kind === "sensor" ? new SensorSource() : await this.#openLive(kind);
    this.source = source;
    this.#abort.signal.throwIfAborted();
    const recordings = known?.recordings ?? (this.live ? await this.#calibrate(source) : sensorRecordings());
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
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
    this.#watch(trainer, source, learned.normal, rate);
    if (!known) this.#events.onLearned(learned);
  }

  async #openLive(kind: Exclude<SourceKind, "sensor">): Promise<LiveSource> {
    const source = await openLive(kind);
    if (this.#abort.signal.aborted) source.close();
    else void source.ended.then((error) => this.#fail(error));
    return source;
  }

  /** Records what is taken to be normal. */
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
    for await (const { epoch } of trainer.fit("train", { epochs: this.epochs, signal, onProgress })) {
      this.epoch = epoch;
    }
    const normal = normalOf(await trainer.call<Float32Array>("residuals"));
    return { recordings, normal, weights: await trainer.stateDict() };
  }

  #watch(trainer: RemoteTrainer, source: Source, normal: Normal, rate: number): void {
    const detector = new AnomalyDetector(normal, this.#factor ?? factorFor(normal), WARM_UP);
    // Copies of one live signal would all tell the same.
    if (this.live) detector.only = 0;
    this.detector = detector;
    this.watch = new Watch({
      rate,
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
    // After the end of the worker everything that was waited for fails.
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

/** Six, or more where normal values lay farther out; a tenth is left for what was not recorded. */
export function factorFor({ farthest }: Normal): number {
  return Math.min(MOST_FACTOR, Math.max(6, Math.ceil(1.1 * farthest)));
}

/** The largest threshold that can be chosen, in sigmas. */
const MOST_FACTOR = 20;

function sensorRecordings(): readonly Float32Array[] {
  return recordSensors(SENSORS, SAMPLES, SEED);
}
