import { DataError } from "../errors.ts";
import { defaultGenerator, type GeneratorState } from "../random.ts";
import { type Batches, BatchQueue, type DrawnBatch } from "./batches.ts";

/** A run's position in its data, from which the next batches can be drawn again. */
export interface DataPosition {
  /** The default generator's state before the next batch is drawn. */
  readonly random: GeneratorState;
  /** States of the loader and the default generator at the beginning of the pass, from which its order is drawn. */
  readonly start: { readonly random: GeneratorState; readonly loader: unknown };
  /** Batches of the pass: done, and in all where the loader knows. */
  readonly pass: { readonly done: number; readonly batches: number | null };
  /** State of the validation loader; `null` if it has none. */
  readonly validation: unknown;
}

/**
 * The batches of a run, epoch by epoch. An epoch is one pass over the loader, or `batchesPerEpoch` batches: then passes follow one
 * another without regard to epochs.
 */
export class DataFeed {
  readonly #where: string;
  readonly #loader: Batches;
  readonly #validation: Batches | undefined;
  readonly #perEpoch: number | undefined;
  /** The position of a resumed run, until {@link restore} has gone there. */
  #restart: DataPosition | null;
  /** The rest of the pass under way; `null` between passes. */
  #queue: BatchQueue | null = null;
  /** As {@link DataPosition.start}, of the pass under way. */
  #start: DataPosition["start"] | null = null;
  /** Batches of the pass that have been run. */
  #done = 0;
  /** The batch that has been drawn but not run. */
  #drawn: DrawnBatch | null = null;
  /** The position of the first batch that no update has followed. */
  #open: Pick<DataPosition, "random" | "start" | "pass"> | null = null;
  /** States before validation, while the epoch is being finished. */
  #frozen: Pick<DataPosition, "random" | "validation"> | null = null;

  /** @param restart The position where a resumed run goes on. */
  constructor(
    where: string,
    loader: Batches,
    options: { readonly validation?: Batches | undefined; readonly batchesPerEpoch?: number | undefined },
    restart: DataPosition | null,
  ) {
    this.#where = where;
    this.#loader = loader;
    this.#validation = options.validation;
    this.#perEpoch = options.batchesPerEpoch;
    this.#restart = restart;
    const { batches } = restart?.pass ?? { batches: null };
    if (batches !== null && loader.length !== undefined && batches !== loader.length) {
      throw new DataError(
        `${where}: the checkpoint was taken with ${batches} batches in an epoch, the loader has ${loader.length}; give it the ` +
          "same data and batch size",
      );
    }
  }

  /** Batches in an epoch, where known. */
  get batches(): number | undefined {
    return this.#perEpoch ?? this.#loader.length;
  }

  /**
   * Goes to the position of a resumed run: draws the order of its pass again and skips the batches that are done. Where that fails, all
   * random states are as before.
   */
  restore(): void {
    const restart = this.#restart;
    if (!restart) return;
    const { start, pass, random, validation } = restart;
    const before = {
      random: defaultGenerator.getState(),
      loader: this.#loader.state?.(),
      validation: this.#validation?.state?.(),
    };
    try {
      if (validation !== null) this.#validation?.setState?.(validation);
      if (start.loader !== null) this.#loader.setState?.(start.loader);
      defaultGenerator.setState(start.random);
      this.#begin(pass.done);
    } catch (error) {
      defaultGenerator.setState(before.random);
      if (before.loader !== undefined) this.#loader.setState?.(before.loader);
      if (before.validation !== undefined) this.#validation?.setState?.(before.validation);
      throw error;
    }
    defaultGenerator.setState(random);
    this.#restart = null;
  }

  /**
   * Draws the next batch; `null` at the end of the epoch.
   * @param batch Batches of the epoch that have been run.
   */
  next(batch: number): DrawnBatch | null {
    if (batch === this.#perEpoch) return null;
    let drawn = (this.#queue ?? this.#begin(0)).next();
    if (!drawn && this.#perEpoch !== undefined && this.#done > 0) {
      drawn = this.#begin(0).next();
      if (!drawn) {
        throw new DataError(
          `${this.#where}: the loader gave no batch in its second pass; with batchesPerEpoch it must give its batches anew ` +
            "every time it is iterated, as a DataLoader does",
        );
      }
    }
    this.#drawn = drawn;
    return drawn;
  }

  /** Whether the drawn batch is the epoch's last. */
  isLast(batch: number): boolean {
    return this.#perEpoch === undefined ? this.#queue!.peek() === null : batch + 1 === this.#perEpoch;
  }

  /** Counts the drawn batch as run. `updated`: whether an update has followed it. */
  ran(updated: boolean): void {
    this.#open = updated ? null : (this.#open ?? this.#here());
    this.#done++;
    this.#drawn = null;
  }

  /** The position where a resumed run goes on: at the first batch that no update has followed. */
  position(): DataPosition {
    const { random, validation } = this.#frozen ?? { validation: this.#validation?.state?.() ?? null };
    return this.#restart ?? { ...(this.#open ?? this.#here(random)), validation };
  }

  /** Keeps the states before validation: a run that is resumed from here draws for validation what this one draws. */
  freeze(): void {
    this.#frozen = {
      random: defaultGenerator.getState(),
      validation: this.#validation?.state?.() ?? null,
    };
  }

  /** Goes to the next epoch. */
  advance(): void {
    this.#frozen = null;
    if (this.#perEpoch !== undefined) return;
    this.#queue = null;
    this.#start = null;
    this.#done = 0;
  }

  /** Ends the pass, as leaving a `for … of` loop does. */
  close(): void {
    this.#queue?.close();
  }

  #here(random?: GeneratorState): Pick<DataPosition, "random" | "start" | "pass"> {
    const now = random ?? (this.#drawn ?? this.#queue?.ahead)?.random ?? defaultGenerator.getState();
    return {
      random: now,
      start: this.#start ?? { random: now, loader: this.#loader.state?.() ?? null },
      pass: { done: this.#done, batches: this.#loader.length ?? null },
    };
  }

  /** Begins a pass: draws its order and skips the first `done` batches. */
  #begin(done: number): BatchQueue {
    this.#start = { random: defaultGenerator.getState(), loader: this.#loader.state?.() ?? null };
    this.#done = done;
    this.#queue = new BatchQueue(this.#where, this.#loader, done);
    return this.#queue;
  }
}
