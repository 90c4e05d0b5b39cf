import type { GpuContext } from "../gpu/context.ts";

/** Bounds on the work in flight: measured time in ms, and numbers of runs, at most and before the first measurement. */
const LIMIT_MS = 250;
const MOST_RUNS = 64;
const FIRST_RUNS = 2;

/**
 * Keeps the GPU's queue short. It counts the runs in flight and says when there is room for another. Fences tell what is done;
 * they lie half a queue apart, so that no run is waited for by itself.
 */
export class InFlight {
  #context: GpuContext;
  #runs = 0;
  #unfenced = 0;
  #fences: Promise<void>[] = [];
  #allowed = FIRST_RUNS;

  constructor(context: GpuContext) {
    this.#context = context;
  }

  /** Counts a run that was just submitted. */
  add(): void {
    this.#runs++;
    this.#unfenced++;
    if (this.#unfenced * 2 >= this.#allowed) this.#fence();
  }

  /** Settles when there is room for another run: at once, unless the GPU is behind. */
  async ready(): Promise<void> {
    while (this.#runs >= this.#allowed) {
      if (this.#fences.length === 0) this.#fence();
      await this.#fences[0];
    }
  }

  #fence(): void {
    const covered = this.#unfenced;
    const ahead = this.#runs;
    const start = performance.now();
    this.#unfenced = 0;
    const done = () => {
      const perRun = (performance.now() - start) / ahead;
      this.#allowed = Math.min(MOST_RUNS, Math.max(1, Math.ceil(LIMIT_MS / perRun)));
      this.#runs -= covered;
      this.#fences.shift();
    };
    // On a lost device nothing is in flight; the next run reports the loss.
    this.#fences.push(this.#context.idle().then(done, done));
  }
}
