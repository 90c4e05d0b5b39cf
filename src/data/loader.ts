import { checkBoolean, checkInteger, checkOptions, show } from "../checks.ts";
import { DataError, OptionError } from "../errors.ts";
import { defaultGenerator, Generator, type GeneratorState } from "../random.ts";
import type { Batch, Dataset } from "./dataset.ts";

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions {
  /** Samples in a batch (default 1). The last batch of an epoch may be shorter. */
  readonly batchSize?: number;
  /** Whether each epoch visits the samples in a new random order (default false). */
  readonly shuffle?: boolean;
  /**
   * Seed of the loader's own random generator, which continues from epoch to epoch, as PyTorch's
   * `generator=torch.Generator().manual_seed(seed)`. By default the orders come from the default generator.
   */
  readonly seed?: number | bigint;
  /** Whether to drop a last batch that is shorter than the others (default false). */
  readonly dropLast?: boolean;
}

/** State of a loader's random orders, as plain JSON. */
export interface DataLoaderState {
  /** State of the loader's own generator; `null` if the orders come from the default generator. */
  readonly generator: GeneratorState | null;
}

/**
 * Iterates over a data set in batches; every `for … of` is one epoch
 * (PyTorch: [`DataLoader`](https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader)).
 *
 * The same seed gives PyTorch's batches, epoch after epoch. To match, the loader draws everything PyTorch draws: a base seed for
 * workers at the start of every epoch, shuffled or not, and one extra permutation at its end.
 *
 * @example
 * const loader = new data.DataLoader(dataset, { batchSize: 64, shuffle: true, seed: 0 });
 * for (const { x, y } of loader) step.run({ x, y });
 */
export class DataLoader implements Iterable<Batch> {
  readonly dataset: Dataset;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly #generator: Generator | undefined;

  /**
   * @throws OptionError for an unknown option or one outside its range
   * @throws DataError when the data set is empty, or `dropLast` leaves no batch
   */
  constructor(dataset: Dataset, options: DataLoaderOptions = {}, ...more: never[]) {
    const where = "DataLoader";
    if (typeof dataset?.gather !== "function" || !Number.isInteger(dataset.length)) {
      throw new OptionError(`${where}: dataset must have a length and gather(indices), got ${show(dataset)}`);
    }
    checkOptions(where, options, ["batchSize", "shuffle", "seed", "dropLast"], more);
    const { batchSize = 1, shuffle = false, seed, dropLast = false } = options;
    checkInteger(where, "batchSize", batchSize);
    checkBoolean(where, "shuffle", shuffle);
    checkBoolean(where, "dropLast", dropLast);
    if (dataset.length < 1) throw new DataError(`${where}: the data set is empty`);
    if (dropLast && dataset.length < batchSize) {
      throw new DataError(
        `${where}: with dropLast, ${dataset.length} samples do not fill one batch of ${batchSize}; ` +
          "use a smaller batchSize",
      );
    }
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.#generator = seed === undefined ? undefined : new Generator(seed);
  }

  /** Batches in an epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** One epoch of batches, the samples copied into new arrays. */
  [Symbol.iterator](): IterableIterator<Batch> {
    return this.#gather(this.#indices());
  }

  /**
   * The rest of an interrupted epoch: one epoch without its first `batch` batches. Draws the skipped batches' random numbers
   * immediately, so the orders match those of a whole epoch.
   */
  from(batch: number): IterableIterator<Batch> {
    checkInteger("DataLoader.from", "batch", batch, 0);
    const indices = this.#indices();
    for (let i = 0; i < Math.min(batch, this.length + 1); i++) indices.next();
    return this.#gather(indices);
  }

  *#gather(batches: Iterable<Uint32Array>): IterableIterator<Batch> {
    for (const indices of batches) yield this.dataset.gather(indices);
  }

  /** State of the random orders; a loader that receives it continues with the next epoch. */
  state(): DataLoaderState {
    return { generator: this.#generator?.getState() ?? null };
  }

  /**
   * Continues from a state that `state()` returned.
   * @throws OptionError, without changing anything, if the state is not from a loader that has (or lacks) a seed like this one
   */
  setState(state: DataLoaderState): void {
    const generator = (state as Partial<DataLoaderState> | null)?.generator;
    if (generator === undefined || (generator === null) !== (this.#generator === undefined)) {
      const wanted = this.#generator
        ? "a generator's state, as this loader has a seed"
        : "no generator's state, as this loader has no seed";
      throw new OptionError(`DataLoader.setState: expected ${wanted}, got ${show(generator)}`);
    }
    if (generator) this.#generator?.setState(generator);
  }

  /** One epoch as the indices of each batch's samples. */
  *#indices(): IterableIterator<Uint32Array> {
    const { batchSize, dataset } = this;
    const samples = dataset.length;
    (this.#generator ?? defaultGenerator).randomInt64(); // PyTorch's base seed for workers; there are none here
    const sampler = this.shuffle
      ? (this.#generator ?? new Generator(defaultGenerator.randomInt64()))
      : undefined;
    const order = sampler?.randperm(samples) ?? Uint32Array.from({ length: samples }, (_, i) => i);

    const whole = samples - (samples % batchSize);
    for (let i = 0; i < whole; i += batchSize) yield order.subarray(i, i + batchSize);
    sampler?.randperm(samples); // PyTorch's RandomSampler draws one more order before it ends an epoch
    if (whole < samples && !this.dropLast) yield order.subarray(whole);
  }
}
