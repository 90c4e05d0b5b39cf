/** Moves the start of the roll-out along the held-out part, until the visitor touches something. */
const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");

/** Milliseconds between two starts. */
const PAUSE = 1800;

export class Walk {
  readonly #step: () => void;
  readonly #watched: HTMLElement;
  #timer = 0;
  #seen = true;

  /** @param watched Nothing moves while it is out of sight; @param step Moves on */
  constructor(watched: HTMLElement, step: () => void) {
    this.#watched = watched;
    this.#step = step;
    new IntersectionObserver(([entry]) => {
      this.#seen = entry!.isIntersecting;
    }).observe(watched);
  }

  get walking(): boolean {
    return this.#timer !== 0;
  }

  /** Starts by itself: not for visitors who want less motion. */
  begin(): void {
    if (!REDUCED.matches) this.start();
  }

  start(): void {
    this.stop();
    this.#timer = window.setInterval(() => {
      if (this.#seen && !document.hidden && !this.#watched.closest("[hidden]")) this.#step();
    }, PAUSE);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = 0;
  }
}

/** Calls `draw` with a growing share of the whole (0 to 1), frame by frame; at once with 1 for visitors who want less motion. */
export class Reveal {
  #frame = 0;

  run(milliseconds: number, draw: (share: number) => void): void {
    this.stop();
    if (REDUCED.matches) {
      draw(1);
      return;
    }
    const start = performance.now();
    const next = () => {
      const share = Math.min(1, (performance.now() - start) / milliseconds);
      this.#frame = share < 1 ? requestAnimationFrame(next) : 0;
      draw(share);
    };
    next();
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }
}
