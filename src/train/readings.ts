import type { Result } from "../run/result.ts";

/** Scalars are read back in groups, well before the program's history of them wraps round. */
const READ_EVERY = 256;

/** The scalars of one run, and how much it counts. */
export interface Reading {
  readonly weight: number;
  readonly values: readonly number[];
}

interface Entry {
  readonly weight: number;
  /** Dropped once they are read. */
  results: readonly Result[];
  values: Promise<readonly number[]> | null;
  /** Once they are here. */
  read: readonly number[] | null;
}

/** Scalars of runs, in order, read from the GPU in the background of a loop. */
export class Readings {
  readonly #entries: Entry[] = [];
  #unread: Entry[] = [];
  /** Of the first values, each times its weight, over the runs that are read without a gap. */
  #sums = { count: 0, sum: 0, weight: 0 };
  #reading = false;

  /** Runs noted so far. */
  get length(): number {
    return this.#entries.length;
  }

  /** Notes a run's scalars; does not wait. */
  add(results: readonly Result[], weight: number): void {
    const entry: Entry = { results, weight, values: null, read: null };
    this.#entries.push(entry);
    this.#unread.push(entry);
  }

  /** Reads what has come together, once it is much; a loop awaits it after every run. */
  async settle(): Promise<void> {
    if (this.#unread.length >= READ_EVERY) await this.#collect();
  }

  /**
   * Sums over the runs that have been read so far: of the first values, each times its weight, and of the weights. Asking has the
   * rest read in the background, one read at a time.
   */
  get soFar(): { readonly sum: number; readonly weight: number } {
    if (!this.#reading && this.#unread.length > 0) {
      this.#reading = true;
      // Whoever waits for the values hears of an error.
      const done = () => {
        this.#reading = false;
      };
      this.#collect().then(done, done);
    }
    return this.#sums;
  }

  /** The scalars of the runs noted so far, or of the first `count` of them. Waits for the GPU. */
  async all(count: number = this.length): Promise<readonly Reading[]> {
    const entries = this.#entries.slice(0, count);
    await this.#collect();
    return Promise.all(entries.map(async ({ weight, values }) => ({ weight, values: await values! })));
  }

  async #collect(): Promise<void> {
    const unread = this.#unread;
    this.#unread = [];
    // The latest first: its read answers for all before it.
    for (const entry of [...unread].reverse()) {
      entry.values = Promise.all(entry.results.map((result) => result.item()));
      entry.results = [];
    }
    const all = await Promise.all(unread.map(({ values }) => values!));
    for (const [i, entry] of unread.entries()) entry.read = all[i]!;
    this.#sumUp();
  }

  #sumUp(): void {
    let { count, sum, weight } = this.#sums;
    for (let next = this.#entries[count]; next?.read; next = this.#entries[++count]) {
      sum += next.read[0]! * next.weight;
      weight += next.weight;
    }
    this.#sums = { count, sum, weight };
  }
}
