import type { History } from "./history.ts";
import type { EpochReport } from "./report.ts";

/**
 * A training run, as `fit` returns it: iterate it for a report after each epoch, or await it for the {@link History} of all epochs. The
 * run starts when it is first iterated or awaited, and it runs once:
 *
 * - `await` trains the remaining epochs. Awaiting again, also after iterating, returns the same history without further training.
 * - `for await` yields the reports that have not been read yet: none after the run was awaited.
 * - Leaving the loop, or calling `return()`, ends the run. Awaiting it then returns the history so far.
 * - An error is thrown to the code that iterates or awaits, and again on every later attempt.
 *
 * @example
 * const history = await trainer.fit(loader, { epochs: 100 });
 * for await (const { epoch, loss } of trainer.fit(loader, { epochs: 100 })) plot(epoch, loss);
 */
export class Fit implements AsyncGenerator<EpochReport, void, void>, Promise<History> {
  readonly #epochs: AsyncGenerator<EpochReport, void, void>;
  readonly #history: () => History | Promise<History>;
  /** Trains the remaining epochs and resolves to the history; `null` until the run is first awaited. */
  #whole: Promise<History> | null = null;
  #failure: { readonly thrown: unknown } | null = null;

  /**
   * @param epochs Trains one epoch for each report that is requested.
   * @param history Returns the run's history; called when the run is over.
   * @internal
   */
  constructor(epochs: AsyncGenerator<EpochReport, void, void>, history: () => History | Promise<History>) {
    this.#epochs = epochs;
    this.#history = history;
  }

  /** Trains the next epoch; `done` after the last. */
  next(): Promise<IteratorResult<EpochReport, void>> {
    return this.#watched(() => this.#epochs.next());
  }

  /**
   * Ends the run after the epoch under way, as leaving a `for await` loop does. The model keeps what it has learned. The run's own callbacks
   * and `onProgress` must not await it, as the epoch waits for them; they end the run with `stop()`, or with an aborted signal.
   */
  return(): Promise<IteratorResult<EpochReport, void>> {
    return this.#kept(() => this.#epochs.return());
  }

  /** Ends the run with an error. */
  throw(error: unknown): Promise<IteratorResult<EpochReport, void>> {
    return this.#watched(() => this.#epochs.throw(error));
  }

  /** The run itself: all iterations share one sequence of reports. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the run, as {@link return}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Trains the remaining epochs, as `await` does. `onFulfilled` receives the history, `onRejected` the error. */
  // biome-ignore lint/suspicious/noThenProperty: this class is made to be awaited
  then<Value = History, Fallback = never>(
    onFulfilled?: ((history: History) => Value | PromiseLike<Value>) | null,
    onRejected?: ((reason: unknown) => Fallback | PromiseLike<Fallback>) | null,
  ): Promise<Value | Fallback> {
    this.#whole ??= this.#finish();
    return this.#whole.then(onFulfilled, onRejected);
  }

  /** Trains the remaining epochs. `onRejected` receives the error. */
  catch<Fallback = never>(
    onRejected?: ((reason: unknown) => Fallback | PromiseLike<Fallback>) | null,
  ): Promise<History | Fallback> {
    return this.then(null, onRejected);
  }

  /** Trains the remaining epochs. `onFinally` is called at the end, also after an error. */
  finally(onFinally?: (() => void) | null): Promise<History> {
    return this.then().finally(onFinally);
  }

  get [Symbol.toStringTag](): string {
    return "Fit";
  }

  /** Trains the remaining epochs. */
  async #finish(): Promise<History> {
    while (!(await this.next()).done);
    return this.#history();
  }

  /** Makes a request. If it fails, all pending and later requests fail with the same error. */
  async #watched<T>(request: () => Promise<T>): Promise<T> {
    this.#check();
    const answer = await this.#kept(request);
    this.#check();
    return answer;
  }

  #check(): void {
    if (this.#failure) throw this.#failure.thrown;
  }

  /** Makes a request, and keeps the error that it ends with; throws the first that was kept. */
  async #kept<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (thrown) {
      this.#failure ??= { thrown };
      throw this.#failure.thrown;
    }
  }
}
