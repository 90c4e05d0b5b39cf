import type { Progress } from "../train/index.ts";
import type { Reply } from "./protocol.ts";

/** Calls the page's `onProgress` during one fit, and tells the worker when it has settled. */
export class ProgressListener {
  readonly #onProgress: (progress: Progress) => unknown;
  readonly #acknowledge: (failed: boolean) => void;
  /** The first thing that `onProgress` threw. */
  failure: { readonly thrown: unknown } | null = null;
  /** Settles when the latest call has. */
  done: Promise<void> = Promise.resolve();

  constructor(onProgress: (progress: Progress) => unknown, acknowledge: (failed: boolean) => void) {
    this.#onProgress = onProgress;
    this.#acknowledge = acknowledge;
  }

  take({ progress }: Extract<Reply, { kind: "progress" }>): void {
    this.done = this.#call(progress);
  }

  async #call(progress: Progress): Promise<void> {
    try {
      await this.#onProgress(progress);
    } catch (thrown) {
      this.failure ??= { thrown };
    }
    this.#acknowledge(this.failure !== null);
  }
}
