/** Estimates the time left of a run from its recent speed. */

/** Seconds of the past that count, so that a change of the machine's load is soon forgotten. */
const MEMORY = 20;

/** Minimum seconds of progress for an estimate. */
const SHORTEST = 0.5;

export class Estimate {
  /** Times in seconds, and the share that was done then. */
  #marks: { readonly at: number; readonly done: number }[] = [];

  /** @param done Share of the run that is done, 0 to 1; @param at Seconds on any clock that does not go back */
  mark(done: number, at: number): void {
    this.#marks.push({ at, done });
    while (this.#marks.length > 2 && at - this.#marks[1]!.at > MEMORY) this.#marks.shift();
  }

  /** Starts again, for example after a pause. */
  restart(): void {
    this.#marks = [];
  }

  /** Seconds until the end; undefined if they cannot be estimated yet. */
  get secondsLeft(): number | undefined {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (!first || !last || last.at - first.at < SHORTEST || last.done <= first.done) return undefined;
    return ((1 - last.done) * (last.at - first.at)) / (last.done - first.done);
  }
}

/** `about 40 s left`, `about 3 min left`. */
export function timeLeft(seconds: number): string {
  if (seconds < 1.5) return "about a second left";
  if (seconds < 90) return `about ${seconds < 20 ? Math.round(seconds) : Math.round(seconds / 5) * 5} s left`;
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}
