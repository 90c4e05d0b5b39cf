/** Reads a signal's values at a rate, asks the model about each, and compares each value with the last prediction. */
import type { AnomalyDetector } from "./detector.ts";
import { Latencies } from "./latency.ts";

/** The worker's answer to a step. */
export interface Answer {
  /** The predicted next value of each stream, in the signal's unit. */
  readonly predicted: Float32Array;
  /** From `stream.step()` to its answer in the worker, in ms. */
  readonly ms: number;
}

export interface WatchOptions {
  /** Values a second. */
  readonly rate: number;
  readonly detector: AnomalyDetector;
  /** The current value of each stream. */
  next(): Float32Array;
  /** Asks the model; answers come in the order of the calls. */
  ask(values: Float32Array): Promise<Answer>;
  /** Whether no value can be read now, for example in a hidden page. */
  held(): boolean;
  /** Called before the first value after a gap. */
  afterGap(): void;
  /** Called after each answer. */
  onStep(): void;
  /** Called after a failure; no more values are read. */
  onFailure(error: unknown): void;
}

/** One moment of the drawn stream. */
export interface Point {
  readonly step: number;
  /** Null at a restart of the stream, which breaks the line. */
  readonly value: number | null;
  /** Its prediction, one step before; null for the first value. */
  readonly predicted: number | null;
  readonly anomalous: boolean;
}

/** The number of moments that are kept. */
export const POINTS = 300;

/** Maximum number of pending answers; further values are left out. */
const MOST_PENDING = 6;

/** Ticks that are later than this, in ms, are skipped. */
const LATEST = 250;

/** The number of steps over which the rate is measured. */
const RATE_OVER = 40;

export class Watch {
  readonly #options: WatchOptions;
  /** The latest moments of the first stream. */
  readonly points: Point[] = [];
  /** The prediction of the next value. */
  predicted: number | null = null;
  /** The number of answered steps. */
  steps = 0;
  /** Values that were left out because too many answers were pending. */
  leftOut = 0;
  inWorker = new Latencies();
  roundTrip = new Latencies();
  rate: number;
  readonly #answeredAt: number[] = [];
  #before: Float32Array | null = null;
  #pending = 0;
  #gap = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = 0;
  /** Counts resets and changes of streams; earlier answers are ignored. */
  #generation = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.rate = options.rate;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#due = performance.now();
    this.#tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#answeredAt.length = 0;
    this.#gap = true;
  }

  /** Restarts the streams with the next value. */
  begin(): void {
    this.#generation++;
    if (this.#before)
      this.#remember({ step: this.steps + 0.5, value: null, predicted: null, anomalous: false });
    this.#before = null;
    this.predicted = null;
    this.#pending = 0;
    this.#options.detector.reset();
  }

  /** Discards the times so far. */
  forgetTimes(): void {
    this.inWorker = new Latencies();
    this.roundTrip = new Latencies();
  }

  /** The recent steps a second; undefined if there are too few. */
  get stepsPerSecond(): number | undefined {
    const [first, last] = [this.#answeredAt[0], this.#answeredAt.at(-1)];
    if (first === undefined || last === undefined || last <= first) return undefined;
    return (1000 * (this.#answeredAt.length - 1)) / (last - first);
  }

  #tick(): void {
    this.#take();
    const now = performance.now();
    this.#due += 1000 / this.rate;
    if (now - this.#due > LATEST) this.#due = now;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, this.#due - now));
  }

  #take(): void {
    const { held, next, afterGap } = this.#options;
    if (held()) {
      this.#gap = true;
      return;
    }
    if (this.#pending >= MOST_PENDING) {
      this.leftOut++;
      return;
    }
    if (this.#gap) afterGap();
    this.#gap = false;
    void this.#ask(next());
  }

  async #ask(values: Float32Array): Promise<void> {
    const generation = this.#generation;
    this.#pending++;
    const start = performance.now();
    try {
      const answer = await this.#options.ask(values);
      if (generation !== this.#generation) return;
      this.#pending--;
      this.#answered(values, answer, performance.now() - start);
    } catch (error) {
      if (generation !== this.#generation) return;
      this.stop();
      this.#options.onFailure(error);
    }
  }

  #answered(values: Float32Array, { predicted, ms }: Answer, roundTrip: number): void {
    const step = ++this.steps;
    this.inWorker.add(ms);
    this.roundTrip.add(roundTrip);
    this.#answeredAt.push(performance.now());
    if (this.#answeredAt.length > RATE_OVER) this.#answeredAt.shift();
    const before = this.#before;
    const beyond = before ? this.#options.detector.judge(step, values, before) : [];
    this.#remember({
      step,
      value: values[0]!,
      predicted: before?.[0] ?? null,
      anomalous: beyond.includes(0),
    });
    this.#before = predicted;
    this.predicted = predicted[0]!;
    this.#options.onStep();
  }

  #remember(point: Point): void {
    this.points.push(point);
    if (this.points.length > POINTS) this.points.shift();
  }
}
