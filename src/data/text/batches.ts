import { checkBoolean, checkInteger, checkOptions, show } from "../../checks.ts";
import { DataError, OptionError } from "../../errors.ts";
import type { NDArray } from "../../shape.ts";
import type { Batch } from "../dataset.ts";

/** Options of {@link TextBatches}. */
export interface TextBatchesOptions {
  /** Parallel tracks: the rows of a batch. */
  readonly batchSize: number;
  /** Steps in a window: how far gradients go back. */
  readonly length: number;
  /** Whether to drop a last window that is shorter than the others (default false). */
  readonly dropLast?: boolean;
}

/** One window of every track. */
export interface TextBatch extends Batch {
  /** Tokens [batchSize, length]. */
  readonly x: NDArray;
  /** The token after each one, [batchSize, length]. */
  readonly y: NDArray;
  /** Whether the tracks begin here: start from the initial state, otherwise from the state that the last batch ended with. */
  readonly begins: boolean;
}

/**
 * A long sequence of tokens, cut for truncated back-propagation through time: `batchSize` parallel tracks of equal length,
 * and windows of `length` steps that move along all tracks at once. Row n of a batch continues row n of the batch
 * before it, so a batch starts from the state that the previous one ended with. Every `for … of` is one epoch, from the
 * start of the tracks.
 *
 * Every token except the first is a target once in an epoch. Exceptions: up to `batchSize - 1` tokens at the end that would
 * make the tracks unequal, and with `dropLast` those of the last window.
 *
 * @example
 * const batches = new data.TextBatches(vocabulary.encode(text), { batchSize: 32, length: 64 });
 * let h: Result | Float32Array = zeros;
 * for (const { x, y, begins } of batches) {
 *   const results = step.run({ x, y, h: begins ? zeros : h });
 *   h = results.h; // stays on the GPU
 * }
 */
export class TextBatches implements Iterable<TextBatch> {
  readonly batchSize: number;
  /** Steps of a window. */
  readonly windowLength: number;
  /** Input tokens of each track in an epoch. */
  readonly trackLength: number;
  /** Tokens between the starts of two tracks. */
  readonly #trackStride: number;
  readonly #ids: Float32Array;

  /**
   * @param ids the sequence, integers of 0 or more
   * @throws DataError when the sequence is too short for one step of every track, or an element is not an index
   */
  constructor(ids: ArrayLike<number>, options: TextBatchesOptions, ...more: never[]) {
    const where = "TextBatches";
    checkOptions(where, options, ["batchSize", "length", "dropLast"], more);
    const { batchSize, length, dropLast = false } = options;
    checkInteger(where, "batchSize", batchSize);
    checkInteger(where, "length", length);
    checkBoolean(where, "dropLast", dropLast);
    checkIds(where, ids);
    // A track's last token needs the next token as its target.
    const whole = Math.floor((ids.length - 1) / batchSize);
    const shortest = dropLast ? length : 1;
    if (whole < shortest) {
      throw new DataError(
        `${where}: ${batchSize} tracks of ${shortest} ${shortest === 1 ? "step" : "steps"} need at least ` +
          `${batchSize * shortest + 1} tokens, got ${ids.length}; use a smaller batchSize, or a longer text`,
      );
    }
    this.batchSize = batchSize;
    this.windowLength = length;
    this.trackLength = dropLast ? whole - (whole % length) : whole;
    this.#trackStride = whole;
    this.#ids = Float32Array.from(ids);
  }

  /** Batches in an epoch. */
  get length(): number {
    return Math.ceil(this.trackLength / this.windowLength);
  }

  /** One pass through the text. */
  [Symbol.iterator](): IterableIterator<TextBatch> {
    return this.from(0);
  }

  /** The rest of an interrupted epoch: one epoch without its first `batch` batches. */
  from(batch: number): IterableIterator<TextBatch> {
    checkInteger("TextBatches.from", "batch", batch, 0);
    return this.#windows(batch * this.windowLength);
  }

  *#windows(start: number): IterableIterator<TextBatch> {
    const { batchSize, windowLength, trackLength } = this;
    for (let from = start; from < trackLength; from += windowLength) {
      const steps = Math.min(windowLength, trackLength - from);
      const shape = [batchSize, steps];
      const x = new Float32Array(batchSize * steps);
      const y = new Float32Array(batchSize * steps);
      for (let track = 0; track < batchSize; track++) {
        const at = track * this.#trackStride + from;
        x.set(this.#ids.subarray(at, at + steps), track * steps);
        y.set(this.#ids.subarray(at + 1, at + 1 + steps), track * steps);
      }
      yield { x: { data: x, shape }, y: { data: y, shape }, begins: from === 0 };
    }
  }
}

/** Throws unless `ids` are token indices that float32 represents exactly and, with `classes`, below that number. */
export function checkIds(where: string, ids: ArrayLike<number>, classes = 2 ** 24): void {
  if (typeof ids !== "object" || ids === null || !Number.isInteger(ids.length)) {
    throw new OptionError(`${where}: expected an array of token indices, got ${show(ids)}`);
  }
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (Number.isInteger(id) && id >= 0 && id < classes) continue;
    throw new DataError(
      `${where}: token indices must be whole numbers from 0 to ${classes - 1}, got ${show(id)} at ${i}`,
    );
  }
}
