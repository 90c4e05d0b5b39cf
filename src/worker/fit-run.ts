import type { EpochReport, Fit, FitOptions, Progress } from "../train/index.ts";
import type { SentFitOptions } from "./protocol.ts";
import { named, type Served } from "./served.ts";
import { toWire, type WireError } from "./wire-errors.ts";

/** The worker's half of a fit that the page has asked for. */
export class FitRun {
  readonly #fit: Fit;
  readonly #abort = new AbortController();
  readonly #report: ((progress: Progress) => void) | null;
  /** The page's answer to the latest progress. */
  #answer: Promise<void> = Promise.resolve();
  #answered: (failed: boolean) => void = () => {};

  /** @param report Tells the page of a batch. */
  constructor(served: Served, loader: string, options: SentFitOptions, report: (progress: Progress) => void) {
    const where = "Trainer.fit";
    const { progress, validation, schedule, callbacks, ...rest } = options;
    this.#report = progress ? report : null;
    const fit: FitOptions = {
      ...rest,
      ...(validation !== undefined && { validation: named(where, "loader", served.loaders, validation) }),
      ...(schedule !== undefined && { schedule: named(where, "schedule", served.schedules, schedule) }),
      ...(callbacks && {
        callbacks: callbacks.map((name) => named(where, "callback", served.callbacks, name)),
      }),
      signal: this.#abort.signal,
      onProgress: (now) => this.#between(now),
    };
    this.#fit = served.trainer.fit(named(where, "loader", served.loaders, loader), fit);
  }

  /** Trains one epoch more; null at the end. */
  async next(): Promise<EpochReport | null> {
    const { done, value } = await this.#fit.next();
    return done ? null : value;
  }

  /** Ends the run, and gives the reports of its history: none where it failed, since then nobody asks for them. */
  async leave(): Promise<readonly EpochReport[]> {
    this.abort();
    await this.#fit.return();
    return this.#fit.then(
      ({ reports }) => reports,
      () => [],
    );
  }

  abort(): void {
    this.#abort.abort();
    this.#answered(false);
  }

  /** Called when the page's `onProgress` has settled. `failed`: whether it has thrown. */
  progressed(failed: boolean): void {
    this.#answered(failed);
  }

  /** The form in which an error of this run crosses to the page. */
  wire(thrown: unknown): WireError {
    const { aborted, reason } = this.#abort.signal;
    return { ...toWire(thrown), ...(aborted && thrown === reason && { aborted }) };
  }

  /**
   * Called between two batches. It lets messages in, an abort above all, and waits for the page's answer to the progress before this
   * one: a round trip that is shorter than a batch then costs no time.
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
  // The next batch awaits it, if there is one.
  promise.catch(() => {});
  return { promise, settle };
}

/** Waits for one turn of the event loop, so that messages are handled; a promise alone would not let them in. */
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
