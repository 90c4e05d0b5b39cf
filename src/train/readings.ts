import type { AnomalyError } from "../errors.ts";
import type { Result } from "../run/result.ts";

/** Scalars are read back in groups of this size, well before the program's ring of them wraps round. */
const READ_EVERY = 256;

/** The scalars of one run, the run's weight in means, and what the step's watch marked. */
export interface Reading {
  readonly weight: number;
  readonly values: readonly number[];
  readonly mark: readonly number[];
  /** What the step has found, if it detects anomalies. */
  readonly anomaly: AnomalyError | null;
  /** Whether it counts in means: not if its update was left out and training went on. */
  readonly counts: boolean;
}

/** A run that the watch has marked, and how many runs were noted before it. */
export interface MarkedReading {
  readonly index: number;
  readonly reading: Reading;
}

interface Entry {
  readonly weight: number;
  /** Whether an update followed. */
  readonly updated: boolean;
  /** What the step's watch left, if there is one. Dropped once it is being read. */
  marks: readonly Result[];
  /** Dropped once they are being read. */
  results: readonly Result[];
  reading: Promise<Reading> | null;
  /** `null` until they have come back. */
  read: Reading | null;
}

/** Scalars of runs, in order, read from the GPU while a loop goes on. */
export class Readings {
  readonly #entries: Entry[] = [];
  #unread: Entry[] = [];
  /** Sums over the runs before the first one that has not been read: of the first values, each times its weight, and of the weights. */
  #sums = { count: 0, sum: 0, weight: 0 };
  #reading = false;
  #marked: MarkedReading | null = null;
  #anomaly: AnomalyError | null = null;
  readonly #learn: ((happened: boolean) => void) | null;

  /**
   * @param learn For runs that go on when an update was left out: called for every update in order, once it is known whether it happened.
   */
  constructor(learn: ((happened: boolean) => void) | null = null) {
    this.#learn = learn;
  }

  /** Runs noted so far. */
  get length(): number {
    return this.#entries.length;
  }

  /** The first run that the step's watch has marked, of those that have been read. */
  get marked(): MarkedReading | null {
    return this.#marked;
  }

  /** The anomaly of the first run that has one, of those that have been read. */
  get anomaly(): AnomalyError | null {
    return this.#anomaly;
  }

  /** Notes a run's scalars; does not wait. */
  add(results: readonly Result[], weight: number, updated = false, marks: readonly Result[] = []): void {
    const entry: Entry = { results, weight, updated, marks, reading: null, read: null };
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
    return Promise.all(entries.map(({ reading }) => reading!));
  }

  async #collect(): Promise<void> {
    const unread = this.#unread;
    this.#unread = [];
    // The latest first: its read brings all before it.
    for (const entry of [...unread].reverse()) {
      entry.reading = readingOf(entry, this.#learn !== null);
      entry.results = [];
      entry.marks = [];
    }
    const all = await Promise.all(unread.map(({ reading }) => reading!));
    for (const [i, entry] of unread.entries()) entry.read = all[i]!;
    this.#sumUp();
  }

  #sumUp(): void {
    let { count, sum, weight } = this.#sums;
    for (let next = this.#entries[count]; next?.read; next = this.#entries[++count]) {
      const reading = next.read;
      this.#anomaly ??= reading.anomaly;
      if (isMarked(reading)) this.#marked ??= { index: count, reading };
      if (next.updated) this.#learn?.(!isMarked(reading));
      if (!reading.counts) continue;
      sum += reading.values[0]! * reading.weight;
      weight += reading.weight;
    }
    this.#sums = { count, sum, weight };
  }
}

async function readingOf({ results, marks, weight, updated }: Entry, goesOn: boolean): Promise<Reading> {
  const anomalyOf = results[0]?.sound?.then(
    () => null,
    (error: AnomalyError) => error,
  );
  const items = (of: readonly Result[]) =>
    Promise.all(
      of.map((result) => {
        // It is told with the values, which say what has become of the update.
        result.sound = undefined;
        return result.item();
      }),
    );
  const [values, mark, anomaly = null] = await Promise.all([items(results), items(marks), anomalyOf]);
  const reading = { weight, values, mark, anomaly };
  const isLeftOut = (updated && isMarked(reading)) || !Number.isFinite(values[0]);
  return { ...reading, counts: !goesOn || !isLeftOut };
}

function isMarked({ mark: [mark = 0] }: Pick<Reading, "mark">): boolean {
  return mark !== 0;
}

/** The sum of the first values, each times its weight, and the sum of the weights, added in order to `start`. */
export function weighted(
  readings: readonly Reading[],
  start: { readonly sum: number; readonly weight: number } = { sum: 0, weight: 0 },
): { sum: number; weight: number } {
  let { sum, weight } = start;
  for (const reading of readings) {
    if (!reading.counts) continue;
    sum += reading.values[0]! * reading.weight;
    weight += reading.weight;
  }
  return { sum, weight };
}
