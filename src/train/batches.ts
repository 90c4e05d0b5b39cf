import { isNumbers } from "../arrays.ts";
import { show } from "../checks.ts";
import type { Batch } from "../data/dataset.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { defaultGenerator, type GeneratorState } from "../random.ts";
import { type NDArray, type Shape, showShape, sizeOf } from "../shape.ts";

/** A batch as a loader gives it. */
export interface LoadedBatch extends Batch {
  /**
   * With `carryState`: whether this batch starts from a state of zero instead of the previous batch's final state.
   * `data.TextBatches` sets it. If absent, the first batch of each pass starts from zero.
   */
  readonly begins?: boolean;
}

/** An iterable that starts a new pass over its batches every time it is iterated, as a DataLoader does. */
export interface Batches extends Iterable<LoadedBatch> {
  /** Batches in one pass, if known. */
  readonly length?: number;
  /** A pass without its first `batch` batches. Without this method a resumed epoch iterates over them. */
  from?(batch: number): Iterator<LoadedBatch>;
  /** The state of its own random numbers as plain JSON, for checkpoints. */
  state?(): unknown;
  /** Restores a state that `state()` returned. */
  // biome-ignore lint/suspicious/noExplicitAny: every loader has a state of its own form
  setState?(state: any): void;
}

/** Throws unless `loader` can be iterated; where it has a length, unless it has a batch. */
export function checkBatches(where: string, name: string, loader: unknown): asserts loader is Batches {
  const { length, [Symbol.iterator]: iterate } = (loader ?? {}) as Partial<Batches>;
  if (typeof loader === "string" || typeof iterate !== "function") {
    throw new OptionError(`${where}: ${name} must give batches, as a DataLoader does, got ${show(loader)}`);
  }
  if (length === 0) throw new DataError(`${where}: ${name} has no batch, got length 0; give it at least one`);
}

/** Throws unless `batch` is a batch; returns its number of samples. */
export function checkBatch(where: string, batch: unknown): number {
  const { x, y, begins = false } = (batch ?? {}) as Partial<LoadedBatch>;
  if (!isArray(x) || !isArray(y)) {
    throw new DataError(
      `${where}: every batch must be { x, y } of { data, shape }, got x ${show(x)} and y ${show(y)}`,
    );
  }
  const [samples] = x.shape;
  if (samples === undefined || samples !== y.shape[0]) {
    throw new ShapeError(
      `${where}: x and y of a batch must have as many samples, got ${showShape(x.shape)} and ${showShape(y.shape)}`,
    );
  }
  if (typeof begins !== "boolean") {
    throw new DataError(`${where}: begins of a batch must be true or false, got ${show(begins)}`);
  }
  return samples;
}

/** Whether a value has data, which a step checks, and a shape. */
function isArray(value: unknown): value is NDArray {
  const array = value as Partial<NDArray> | undefined;
  return isNumbers(array?.data) && Array.isArray(array.shape);
}

/** Samples `from` to `to` (exclusive) of an array, without a copy. */
export function sliceSamples(array: NDArray, from: number, to: number): NDArray {
  const rest: Shape = array.shape.slice(1);
  const size = sizeOf(rest);
  return { data: array.data.subarray(from * size, to * size), shape: [to - from, ...rest] };
}

/** A batch, and the default generator's state before it was drawn. */
export interface DrawnBatch {
  readonly batch: LoadedBatch;
  readonly random: GeneratorState;
  /** Whether it is the first one of its pass. */
  readonly isFirst: boolean;
}

/** The remaining batches of a pass, one after the other. */
export class BatchQueue {
  readonly #batches: Iterator<LoadedBatch>;
  #drawn: number;
  #ahead: DrawnBatch | null = null;

  /**
   * @param done Batches at the beginning of the pass to leave out.
   * @throws {@link DataError} if the pass is over before them
   */
  constructor(where: string, loader: Batches, done: number) {
    this.#drawn = done;
    if (loader.from) {
      this.#batches = loader.from(done);
    } else {
      this.#batches = loader[Symbol.iterator]();
      for (let i = 0; i < done; i++) {
        if (!this.#batches.next().done) continue;
        throw new DataError(
          `${where}: the checkpoint was taken after ${done} batches of a pass, the loader gave ${i}; give it the same data and batch size`,
        );
      }
    }
  }

  /** The batch that {@link peek} has drawn; `null` if there is none. */
  get ahead(): DrawnBatch | null {
    return this.#ahead;
  }

  /** The next batch; `null` at the end. */
  next(): DrawnBatch | null {
    const drawn = this.peek();
    this.#ahead = null;
    return drawn;
  }

  /** The batch that {@link next} will give; `null` at the end. */
  peek(): DrawnBatch | null {
    if (this.#ahead) return this.#ahead;
    const random = defaultGenerator.getState();
    const { done, value } = this.#batches.next();
    if (!done) this.#ahead = { batch: value, random, isFirst: this.#drawn++ === 0 };
    return this.#ahead;
  }

  /** Ends the iteration, as leaving a `for … of` loop does. */
  close(): void {
    this.#batches.return?.();
  }
}
