import type { AnomalyError } from "../errors.ts";
import type { Result } from "../run/result.ts";
import { Readings, weighted } from "./readings.ts";
import type { TrainerState } from "./state.ts";
import type { LossSums } from "./steps.ts";

/** A batch that the training step's watch has marked. */
export interface Fault {
  /** From 1. */
  readonly batch: number;
  readonly loss: number;
  /** What the watch left: `MARKS`. */
  readonly mark: readonly number[];
  /** Updates from this batch on. */
  readonly updates: number;
}

/** What a run's state has of the epoch under way. */
type TalliedState = Pick<TrainerState, "batch" | "updates" | "skipped" | "loss" | "seconds">;

/** Batches, losses and training time of the epoch under way. */
export class EpochTally {
  /** Batches submitted. */
  batches: number;
  /** Batches, readings and updates as after the last update. A resumed run repeats what comes after it. */
  #settled: { batches: number; readings: number; updates: number };
  /** Loss sums of the batches before the run was resumed. */
  readonly #before: LossSums;
  readonly #readings: Readings;
  /** Updates that were left out, of those that have been read. */
  #skipped: number;
  /** The readings whose batches an update followed, by number. */
  readonly #updated: number[] = [];
  #seconds: number;
  /** When the clock was started, in milliseconds; `null` while it stands. */
  #started: number | null = null;

  /**
   * @param resumed The state of a run that was in the middle of this epoch.
   * @param learn As of {@link Readings}.
   */
  constructor(resumed: TalliedState | null = null, learn: ((happened: boolean) => void) | null = null) {
    this.#readings = new Readings(
      learn &&
        ((happened) => {
          if (!happened) this.#skipped++;
          learn(happened);
        }),
    );
    this.batches = resumed?.batch ?? 0;
    this.#skipped = resumed?.skipped ?? 0;
    this.#settled = { batches: this.batches, readings: 0, updates: (resumed?.updates ?? 0) + this.#skipped };
    this.#before = resumed?.loss ?? { sum: 0, weight: 0 };
    this.#seconds = resumed?.seconds ?? 0;
  }

  get updates(): number {
    return this.#settled.updates;
  }

  /** Updates that were left out, of those that have been read. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Batches at the end that no update has followed. */
  get open(): number {
    return this.batches - this.#settled.batches;
  }

  /** Seconds for which the clock has run. */
  get seconds(): number {
    return this.#seconds + (this.#started === null ? 0 : (performance.now() - this.#started) / 1000);
  }

  startClock(): void {
    this.#started = performance.now();
  }

  stopClock(): void {
    this.#seconds = this.seconds;
    this.#started = null;
  }

  /** Counts a batch and its loss. `updated`: whether an update followed it. */
  add(loss: Result, weight: number, updated: boolean, marks: readonly Result[]): void {
    this.batches++;
    this.#readings.add([loss], weight, updated, marks);
    if (!updated) return;
    const updates = this.updates + 1;
    this.#updated.push(this.#readings.length - 1);
    this.#settled = { batches: this.batches, readings: this.#readings.length, updates };
  }

  /** The first batch that the step's watch has marked, of those that have been read; `null` if there is none. */
  get fault(): Fault | null {
    const { marked } = this.#readings;
    if (!marked) return null;
    const { index, reading } = marked;
    return {
      // The readings begin after the batches of a run that was resumed.
      batch: this.batches - this.#readings.length + index + 1,
      loss: reading.values[0]!,
      mark: reading.mark,
      updates: this.#updated.filter((number) => number >= index).length,
    };
  }

  /** What the step has found in the first batch that has an anomaly, of those that have been read. */
  get anomaly(): AnomalyError | null {
    return this.#readings.anomaly;
  }

  /** Reads the losses of all batches so far. Waits for the GPU. */
  async catchUp(): Promise<void> {
    await this.#readings.all();
  }

  /** Reads losses from the GPU once many are waiting; to be awaited after every batch. */
  settle(): Promise<void> {
    return this.#readings.settle();
  }

  /** Sums over the losses that have come back. */
  get soFar(): LossSums {
    const { sum, weight } = this.#readings.soFar;
    return { sum: this.#before.sum + sum, weight: this.#before.weight + weight };
  }

  /** Sums over all losses. Waits for the GPU. */
  async losses(): Promise<LossSums> {
    return weighted(await this.#readings.all(), this.#before);
  }

  /** What a resumed run goes on from, as it is at the call: as after the last update. Waits for the GPU. */
  async snapshot(): Promise<TalliedState> {
    const { batches, readings } = this.#settled;
    const { seconds, skipped } = this;
    const updates = this.updates - skipped;
    return {
      batch: batches,
      updates,
      skipped,
      seconds,
      loss: weighted(await this.#readings.all(readings), this.#before),
    };
  }
}
