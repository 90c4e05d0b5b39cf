/** How long a run will still take, from how quickly it went of late. */

/** Only this much of the past counts, in seconds: a learning-rate change or a busy machine is soon forgotten. */
const MEMORY = 20;

/** An estimate from less than this many seconds would only confuse. */
const SHORTEST = 0.5;

export class Estimate {
  /** Moments (seconds) with the share that was done then. */
  #marks: { readonly at: number; readonly done: number }[] = [];

  /** @param done Share of the run that is done, 0 to 1; @param at Seconds on any clock that does not go back */
  mark(done: number, at: number): void {
    this.#marks.push({ at, done });
    while (this.#marks.length > 2 && at - this.#marks[1]!.at > MEMORY) this.#marks.shift();
  }

  /** Begins anew: what lies before, such as a pause, is no measure. */
  restart(): void {
    this.#marks = [];
  }

  /** Seconds until the end; undefined where too little is known. */
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
