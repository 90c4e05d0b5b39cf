/** Draws with a frame, at most once in an interval, however often something changes. */
export class Throttle {
  /** Milliseconds between two drawings at least. */
  readonly #interval: number;
  readonly #draw: () => void;
  #isAsked = false;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(interval: number, draw: () => void) {
    this.#interval = interval;
    this.#draw = draw;
  }

  /** Draws soon: once for all requests until then. */
  request(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    const wait = Math.max(0, this.#drawnAt + this.#interval - performance.now());
    setTimeout(() => requestAnimationFrame(() => this.#now()), wait);
  }

  #now(): void {
    this.#isAsked = false;
    this.#drawnAt = performance.now();
    this.#draw();
  }
}
