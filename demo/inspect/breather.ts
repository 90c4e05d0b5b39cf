/** Cuts long work on the page's thread into pieces, so that the page stays responsive. */

/** Milliseconds of work between two pauses. */
const PIECE = 12;

export class Breather {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();

  /** @param signal Stops the work at its next pause. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Pauses if a piece's time is up; await it often. Throws the signal's reason. */
  async breathe(): Promise<void> {
    this.#signal?.throwIfAborted();
    if (performance.now() - this.#last < PIECE) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.#signal?.throwIfAborted();
    this.#last = performance.now();
  }
}
