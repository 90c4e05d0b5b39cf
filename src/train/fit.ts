import type { History } from "./history.ts";
import type { EpochReport } from "./report.ts";

/**
 * A training run that can be iterated, for a report after each epoch, or awaited, for the {@link History} of all epochs. `fit` returns
 * one. The run begins when it is first iterated or awaited, and it runs once:
 *
 * - `await` trains all epochs that are left. Awaiting again, also after iterating, gives the same history without training more.
 * - `for await` gives the reports that nobody has taken yet: none after the run was awaited.
 * - Leaving the loop, and `return()`, end the run. Awaited then, it gives the history up to there.
 * - An error goes to whoever is iterating or awaiting, and again to everybody who asks later.
 *
 * @example
 * const history = await trainer.fit(loader, { epochs: 100 });
 * for await (const { epoch, loss } of trainer.fit(loader, { epochs: 100 })) plot(epoch, loss);
 */
export class Fit implements AsyncGenerator<EpochReport, void, void>, Promise<History> {
  readonly #epochs: AsyncGenerator<EpochReport, void, void>;
  readonly #history: () => History | Promise<History>;
  /** All that is left and then the history, once somebody has awaited it. */
  #whole: Promise<History> | null = null;
  #failure: { readonly thrown: unknown } | null = null;

  /**
   * @param epochs Trains an epoch whenever it is asked for the next report.
   * @param history The run's epochs; called when the run is over.
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
   * Ends the run after the epoch under way, as leaving a `for await` does. The model keeps what it has learned. The run's own callbacks
   * and `onProgress` must not await it, as the epoch waits for them; they end the run with `stop()`, or with an aborted signal.
   */
  return(): Promise<IteratorResult<EpochReport, void>> {
    return this.#kept(() => this.#epochs.return());
  }

  /** Ends the run with an error. */
  throw(error: unknown): Promise<IteratorResult<EpochReport, void>> {
    return this.#watched(() => this.#epochs.throw(error));
  }

  /** The run itself: it has one sequence of reports, whoever iterates. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the run, as {@link return}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Trains all epochs that are left, as `await` does; `onFulfilled` gets the history, `onRejected` what the run throws. */
  // biome-ignore lint/suspicious/noThenProperty: to be awaited is what this class is for
  then<Value = History, Fallback = never>(
    onFulfilled?: ((history: History) => Value | PromiseLike<Value>) | null,
    onRejected?: ((reason: unknown) => Fallback | PromiseLike<Fallback>) | null,
  ): Promise<Value | Fallback> {
    this.#whole ??= this.#finish();
    return this.#whole.then(onFulfilled, onRejected);
  }

  /** Trains all epochs that are left; `onRejected` gets what the run throws. */
  catch<Fallback = never>(
    onRejected?: ((reason: unknown) => Fallback | PromiseLike<Fallback>) | null,
  ): Promise<History | Fallback> {
    return this.then(null, onRejected);
  }

  /** Trains all epochs that are left; `onFinally` is called at the end, also after an error. */
  finally(onFinally?: (() => void) | null): Promise<History> {
    return this.then().finally(onFinally);
  }

  get [Symbol.toStringTag](): string {
    return "Fit";
  }

  /** Trains all epochs that are left. */
  async #finish(): Promise<History> {
    while (!(await this.next()).done);
    return this.#history();
  }

  /** Makes a request, and keeps the error that it ends with. Requests after that one, waiting or new, end with the same error. */
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
