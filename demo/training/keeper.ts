/** Saves a worker's run every few seconds, so that it survives a reload. */
import type { Callback, CheckpointStore, FitRun, Trainer } from "webgpu-lstm";
import { type Position, pack } from "./store.ts";

/** The name of the keeper among the worker's callbacks, and of the page's action that saves at once. */
export const KEEP = "keep";

/** Minimum seconds between two checkpoints. */
const INTERVAL = 2;

/** Saving takes at most one part in this many of the time. */
const COST = 20;

/** A callback of `fit` that saves the run. It must be the last one in the list, so that it saves the changes of the others. */
export class RunKeeper implements Callback {
  readonly #trainer: Trainer;
  readonly #store: CheckpointStore | undefined;
  readonly #name: string;
  readonly #config: unknown;
  #next = 0;
  #broken = false;

  /**
   * @param store undefined if there is none: then nothing is saved.
   * @param name The run's name in the store.
   * @param config What the worker was started with.
   */
  constructor(trainer: Trainer, store: CheckpointStore | undefined, name: string, config: unknown) {
    this.#trainer = trainer;
    this.#store = store;
    this.#name = name;
    this.#config = config;
  }

  onFitStart(run: FitRun): void {
    // Evaluated at each checkpoint.
    this.#trainer.config = { toJSON: (): Position => ({ epoch: run.epoch, epochs: run.epochs }) };
    this.#next = now() + INTERVAL;
  }

  async onSettled(run: FitRun): Promise<void> {
    if (now() >= this.#next) await this.#save(() => run.checkpoint());
  }

  /** Saves the run between two batches. */
  async keep(): Promise<void> {
    await this.#save(() => this.#trainer.checkpoint());
  }

  /** If the storage is full or forbidden, saving stops and training goes on. */
  async #save(checkpoint: () => Promise<Uint8Array<ArrayBuffer>>): Promise<void> {
    if (this.#broken || !this.#store) return;
    const start = now();
    const bytes = await checkpoint();
    try {
      await this.#store.save(this.#name, pack(this.#config, bytes));
    } catch (error) {
      this.#broken = true;
      console.info("webgpu-lstm demo: the run cannot be kept", error);
    }
    this.#next = now() + Math.max(INTERVAL, COST * (now() - start));
  }
}

const now = () => performance.now() / 1000;
