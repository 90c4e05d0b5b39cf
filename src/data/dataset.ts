import { type NestedNumbers, type NumberNDArray, toSamples } from "../arrays.ts";
import { checkNoMore } from "../checks.ts";
import { DataError, ShapeError } from "../errors.ts";
import { type NDArray, type Shape, showShape, sizeOf } from "../shape.ts";

/** Inputs and their targets; the first dimension of both is the sample. */
export interface Batch {
  /** The inputs: [samples, …]. */
  readonly x: NDArray;
  /** The targets: [samples, …]. */
  readonly y: NDArray;
}

/** The source of a {@link DataLoader}: samples that can be collected by index. */
export interface Dataset {
  /** Number of samples. */
  readonly length: number;
  /** Stacks the samples at `indices`, in that order: `x` and `y` are `[indices.length, ...]`. */
  gather(indices: ArrayLike<number>): Batch;
}

/**
 * A data set held in memory: sample `i` is row `i` of `x` and row `i` of `y`
 * (PyTorch: [`TensorDataset`](https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset)).
 *
 * It takes one array of inputs and one of targets, each with its shape or as arrays of arrays. Other number types are rounded to
 * float32, which the GPU computes with; integers must be exact in it, from -2^24 to 2^24.
 *
 * @example
 * const dataset = new data.TensorDataset(x, y);   // x [980, 20, 1], y [980, 1]
 * const { x: batch } = dataset.gather([3, 1, 4]); // [3, 20, 1]
 */
export class TensorDataset implements Dataset {
  /** Inputs, `[N, ...]`, in float32. */
  readonly x: NDArray;
  /** Targets, `[N, ...]`, in float32. */
  readonly y: NDArray;

  /**
   * @throws ShapeError when an array's data does not fill its shape, or `x` and `y` differ in their first dimension
   * @throws DataError when there is no sample, or a value is NaN, infinite, or an integer that float32 does not have
   * @throws OptionError for more arguments than `x` and `y`
   */
  constructor(x: NumberNDArray | NestedNumbers, y: NumberNDArray | NestedNumbers, ...more: never[]) {
    const where = "TensorDataset";
    checkNoMore(
      where,
      more,
      "join several inputs, or several targets, along their last dimension, or give the DataLoader an object of your own with length and " +
        "gather(indices), whose batches have what you need",
    );
    this.x = toSamples(where, "x", x);
    this.y = toSamples(where, "y", y);
    const [a, b] = [this.x.shape, this.y.shape];
    if (a.length === 0 || b.length === 0 || a[0] !== b[0]) {
      throw new ShapeError(
        `${where}: x and y must have the same first dimension, the sample; got x ${showShape(a)} and y ${showShape(b)}`,
      );
    }
  }

  get length(): number {
    return this.x.shape[0]!;
  }

  gather(indices: ArrayLike<number>): Batch {
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      if (Number.isInteger(index) && index >= 0 && index < this.length) continue;
      throw new DataError(`TensorDataset.gather: index ${index} is not a sample; there are ${this.length}`);
    }
    return { x: gatherRows(this.x, indices), y: gatherRows(this.y, indices) };
  }
}

function gatherRows({ data, shape }: NDArray, indices: ArrayLike<number>): NDArray {
  const rowShape: Shape = shape.slice(1);
  const size = sizeOf(rowShape);
  const rows = new Float32Array(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const start = indices[i]! * size;
    rows.set(data.subarray(start, start + size), i * size);
  }
  return { data: rows, shape: [indices.length, ...rowShape] };
}
