/** The charts of a running program: one a title, drawn again no more often than a reader can see. */
import type { Lines, Report } from "./protocol.ts";
import { showValue } from "./show-value.ts";

/** Milliseconds between two drawings. */
const APART = 50;

const isArray = (value: unknown) => Array.isArray(value) || ArrayBuffer.isView(value);

export class Plots {
  readonly #tell: (report: Report) => void;
  readonly #waiting = new Map<string, Lines>();
  #told = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (report: Report) => void) {
    this.#tell = tell;
  }

  /** Draws the lines now or soon. Throws a `TypeError` if they are not arrays by their names. */
  plot(title: string, lines: Lines): void {
    const named = typeof lines === "object" && lines !== null && !isArray(lines);
    if (!named || !Object.values(lines).every(isArray))
      throw new TypeError(
        `plot: draws arrays by their names, as in plot("loss", { loss: [3, 2, 1] }), got ${showValue(lines)}`,
      );
    this.#waiting.set(title, lines);
    // A loop that never waits lets no timer run.
    if (performance.now() - this.#told >= APART) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), APART);
  }

  /** Draws what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#told = performance.now();
    for (const [title, lines] of this.#waiting) this.#tell({ kind: "plot", title, lines });
    this.#waiting.clear();
  }
}
