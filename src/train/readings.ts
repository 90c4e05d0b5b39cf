import type { Result } from "../scheduler/result.ts";

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
}

/** Scalars of runs, in order, read from the GPU in the background of a loop. */
export class Readings {
  readonly #entries: Entry[] = [];
  #unread: Entry[] = [];

  /** Runs noted so far. */
  get length(): number {
    return this.#entries.length;
  }

  /** Notes a run's scalars; does not wait. */
  add(results: readonly Result[], weight: number): void {
    const entry: Entry = { results, weight, values: null };
    this.#entries.push(entry);
    this.#unread.push(entry);
  }

  /** Reads what has come together, once it is much; a loop awaits it after every run. */
  async settle(): Promise<void> {
    if (this.#unread.length >= READ_EVERY) await this.#collect();
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
    await Promise.all(unread.map(({ values }) => values));
  }
}
