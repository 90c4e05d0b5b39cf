/** Takes a signal's values at a rate, has each answered, and judges it by the answer to the one before. */
import type { AnomalyDetector } from "./detector.ts";
import { Latencies } from "./latency.ts";

/** What the worker says to a step. */
export interface Answer {
  /** The next value of each stream as predicted, in the signal's units. */
  readonly predicted: Float32Array;
  /** From `stream.step()` to its answer, as the worker sees it, in ms. */
  readonly ms: number;
}

export interface WatchOptions {
  /** Values a second. */
  readonly rate: number;
  readonly detector: AnomalyDetector;
  /** The values of this moment, one a stream. */
  next(): Float32Array;
  /** Answers come in the order of the calls. */
  ask(values: Float32Array): Promise<Answer>;
  /** Whether no value can be taken now, such as in a page that nobody sees. */
  held(): boolean;
  /** Called before the first value after a stretch in which none were taken. */
  afterGap(): void;
  /** A step is answered. */
  onStep(): void;
  /** Something failed: no more values are taken. */
  onFailure(error: unknown): void;
}

/** One moment of the stream that is drawn. */
export interface Point {
  readonly step: number;
  /** Null between two steps where the stream began anew: what lies before and after is not one line. */
  readonly value: number | null;
  /** What was predicted for it one step before; null for a first one. */
  readonly predicted: number | null;
  readonly anomalous: boolean;
}

/** Moments that are remembered. */
export const POINTS = 300;

/** Answers that may be waited for; beyond that values are left out. */
const MOST_PENDING = 6;

/** A tick that is later than this, in ms, is not made up for. */
const LATEST = 250;

/** Steps over which the rate is measured. */
const RATE_OVER = 40;

export class Watch {
  readonly #options: WatchOptions;
  /** The latest moments of the first stream. */
  readonly points: Point[] = [];
  /** What is predicted for the moment to come. */
  predicted: number | null = null;
  /** Steps answered. */
  steps = 0;
  /** Values left out because too many answers were waited for. */
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
  /** Answers to values from before a reset or a change of streams do not count. */
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

  /** The streams begin anew, with the next value. */
  begin(): void {
    this.#generation++;
    if (this.#before)
      this.#remember({ step: this.steps + 0.5, value: null, predicted: null, anomalous: false });
    this.#before = null;
    this.predicted = null;
    this.#pending = 0;
    this.#options.detector.reset();
  }

  /** Times measured so far no longer count. */
  forgetTimes(): void {
    this.inWorker = new Latencies();
    this.roundTrip = new Latencies();
  }

  /** Steps a second of late; undefined where there are too few. */
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
