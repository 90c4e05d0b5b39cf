import type { EpochReport, FitOptions, Progress } from "../train/index.ts";
import type { SentFitOptions } from "./protocol.ts";
import { named, type Served } from "./served.ts";
import type { WireError } from "./wire-errors.ts";
import { toWire } from "./wire-errors.ts";

/** One fit that the page has asked for, in the worker. */
export class FitRun {
  readonly #epochs: AsyncGenerator<EpochReport, void, void>;
  readonly #abort = new AbortController();
  readonly #report: ((progress: Progress) => void) | null;
  /** The page's answer to the latest progress. */
  #answer: Promise<void> = Promise.resolve();
  #answered: (failed: boolean) => void = () => {};

  /** @param report Tells the page of a batch. */
  constructor(served: Served, loader: string, options: SentFitOptions, report: (progress: Progress) => void) {
    const where = "Trainer.fit";
    const { progress, validation, callbacks, ...rest } = options;
    this.#report = progress ? report : null;
    const fit: FitOptions = {
      ...rest,
      ...(validation !== undefined && { validation: named(where, "loader", served.loaders, validation) }),
      ...(callbacks && {
        callbacks: callbacks.map((name) => named(where, "callback", served.callbacks, name)),
      }),
      signal: this.#abort.signal,
      onProgress: (now) => this.#between(now),
    };
    this.#epochs = served.trainer.fit(named(where, "loader", served.loaders, loader), fit);
  }

  /** Trains one epoch more; null at the end. */
  async next(): Promise<EpochReport | null> {
    const { done, value } = await this.#epochs.next();
    return done ? null : value;
  }

  async leave(): Promise<void> {
    this.abort();
    await this.#epochs.return();
  }

  abort(): void {
    this.#abort.abort();
    this.#answered(false);
  }

  /** The page has dealt with the latest progress, or its `onProgress` has thrown. */
  progressed(failed: boolean): void {
    this.#answered(failed);
  }

  /** What crosses for an error of this run. */
  wire(thrown: unknown): WireError {
    const { aborted, reason } = this.#abort.signal;
    return { ...toWire(thrown), ...(aborted && thrown === reason && { aborted }) };
  }

  /**
   * Between two batches: lets messages in, an abort above all, and waits for the page's answer to the progress before this one, so
   * that the way to the page and back takes no time while it is shorter than a batch.
   */
  async #between(progress: Progress): Promise<void> {
    if (!this.#report || this.#abort.signal.aborted) return turn();
    await Promise.all([turn(), this.#answer]);
    const { promise, settle } = pending();
    this.#answer = promise;
    this.#answered = settle;
    if (this.#abort.signal.aborted) settle(false);
    else this.#report(progress);
  }
}

function pending(): { promise: Promise<void>; settle: (failed: boolean) => void } {
  let settle: (failed: boolean) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    settle = (failed) => (failed ? reject(new Error("the page's onProgress threw")) : resolve());
  });
  // It is looked at with the next batch, if there is one.
  promise.catch(() => {});
  return { promise, settle };
}

/** Lets waiting messages be dealt with: a promise alone would not. */
function turn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
