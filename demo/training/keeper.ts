/** The worker's half of what outlives a reload: saves the run every few seconds. */
import type { Callback, CheckpointStore, FitRun, Trainer } from "webgpu-lstm";
import type { Position } from "./store.ts";

/** The name under which `fit` finds the keeper in the worker, and the page the action that saves at once. */
export const KEEP = "keep";

/** Seconds from one checkpoint to the next, at least. */
const INTERVAL = 2;

/** Training is held up by at most one part in this many. */
const COST = 20;

/** A callback of `fit` that keeps the run in the store; the last one of its list, so that it sees what the others have done. */
export class RunKeeper implements Callback {
  readonly #trainer: Trainer;
  readonly #store: CheckpointStore | undefined;
  readonly #id: string;
  #next = 0;
  #broken = false;

  /** @param store undefined where there is none: then nothing is kept. */
  constructor(trainer: Trainer, store: CheckpointStore | undefined, id: string) {
    this.#trainer = trainer;
    this.#store = store;
    this.#id = id;
  }

  onFitStart(run: FitRun): void {
    // Read at each checkpoint.
    this.#trainer.config = { toJSON: (): Position => ({ epoch: run.epoch, epochs: run.epochs }) };
    this.#next = now() + INTERVAL;
  }

  async onSettled(run: FitRun): Promise<void> {
    if (now() >= this.#next) await this.#save(() => run.checkpoint());
  }

  /** Saves the run as it is, between two batches. */
  async keep(): Promise<void> {
    await this.#save(() => this.#trainer.checkpoint());
  }

  /** A full or forbidden storage ends the keeping, not the training. */
  async #save(checkpoint: () => Promise<Uint8Array<ArrayBuffer>>): Promise<void> {
    if (this.#broken || !this.#store) return;
    const start = now();
    const bytes = await checkpoint();
    try {
      await this.#store.save(this.#id, bytes);
    } catch (error) {
      this.#broken = true;
      console.info("webgpu-lstm demo: the run cannot be kept", error);
    }
    this.#next = now() + Math.max(INTERVAL, COST * (now() - start));
  }
}

const now = () => performance.now() / 1000;
