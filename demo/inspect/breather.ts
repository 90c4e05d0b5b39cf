/** Long work on the page's own thread, in pieces short enough that the page goes on answering. */

/** Milliseconds of work between two pauses. */
const PIECE = 12;

export class Breather {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();

  /** @param signal Ends the work at its next pause. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** To be awaited often: it returns at once unless a piece's time is up. Throws the signal's reason. */
  async breathe(): Promise<void> {
    this.#signal?.throwIfAborted();
    if (performance.now() - this.#last < PIECE) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.#signal?.throwIfAborted();
    this.#last = performance.now();
  }
}
