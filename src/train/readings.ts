import type { Result } from "../run/result.ts";

/** Scalars are read back in groups of this size, well before the program's ring of them wraps round. */
const READ_EVERY = 256;

/** The scalars of one run, and the run's weight in means. */
export interface Reading {
  readonly weight: number;
  readonly values: readonly number[];
}

interface Entry {
  readonly weight: number;
  /** Dropped once they are being read. */
  results: readonly Result[];
  values: Promise<readonly number[]> | null;
  /** `null` until they have come back. */
  read: readonly number[] | null;
}

/** Scalars of runs, in order, read from the GPU while a loop goes on. */
export class Readings {
  readonly #entries: Entry[] = [];
  #unread: Entry[] = [];
  /** Sums over the runs before the first one that has not been read: of the first values, each times its weight, and of the weights. */
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

  /** Reads what is waiting, once it fills a group; a loop awaits it after every run. */
  async settle(): Promise<void> {
    if (this.#unread.length >= READ_EVERY) await this.#collect();
  }

  /**
   * Sums over the runs that have been read so far: of the first values, each times its weight, and of the weights. Asking starts a
   * read of the rest in the background, unless one is under way.
   */
  get soFar(): { readonly sum: number; readonly weight: number } {
    if (!this.#reading && this.#unread.length > 0) {
      this.#reading = true;
      // An error reaches whoever awaits the values.
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
    // The latest first: its read brings all before it.
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

/** The sum of the first values, each times its weight, and the sum of the weights, added in order to `start`. */
export function weighted(
  readings: readonly Reading[],
  start: { readonly sum: number; readonly weight: number } = { sum: 0, weight: 0 },
): { sum: number; weight: number } {
  let { sum, weight } = start;
  for (const reading of readings) {
    sum += reading.values[0]! * reading.weight;
    weight += reading.weight;
  }
  return { sum, weight };
}
