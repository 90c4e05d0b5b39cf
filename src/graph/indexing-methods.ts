import { checkBoolean, checkInteger, checkNoMore, show } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import { detach } from "../ops/tensor/detach.ts";
import { gather, multinomial, oneHot } from "../ops/tensor/indexing.ts";
import { resolveDim, resolveOwnDim, type Shape, showShape } from "../shape.ts";
import { BinaryMethods } from "./binary-methods.ts";
import { checkTensor, record } from "./functions.ts";
import { type Checked, checkIndices, checkOnTheWayIn } from "./input-checks.ts";
import type { RandomStream } from "./random-streams.ts";
import { reshape, select, slice } from "./views.ts";

/** What these methods need of a tensor. */
export interface Indexed<T> extends Checked<T> {
  /** @internal */
  drawStream(where: string): RandomStream;
}

/** Elements at places along a dimension. Places have no gradient. */
export function pick<T extends Indexed<T>>(where: string, x: T, dim: number, places: T, shared = false): T {
  checkIndices(places, `index of ${where}`, x.shape[dim]!);
  return record(where, gather, [x, record(where, detach, [places], undefined)], { dim, shared });
}

/** A scalar as a vector of one element. */
function asVector<T extends Indexed<T>>(x: T): T {
  return x.shape.length > 0 ? x : reshape(x, [1]);
}

/** Parts of a dimension, of the given sizes. */
function parts<T extends Indexed<T>>(x: T, dim: number, sizes: readonly number[]): T[] {
  let end = 0;
  return sizes.map((size) => {
    const start = end;
    end += size;
    return slice(x, dim, start, end);
  });
}

/** Equal parts of `size`, the last one of what is left. */
function even(whole: number, size: number): number[] {
  return Array.from({ length: Math.ceil(whole / size) }, (_, i) => Math.min(size, whole - i * size));
}

/** Methods of Tensor for parts of it, and for elements by index. An index tensor holds integers as float32 values. */
export abstract class IndexingMethods<T extends Indexed<T>> extends BinaryMethods<T> {
  /** {@link reshape}: nothing is copied, as in `torch.Tensor.view`. */
  view(this: T, shape: Shape, ...more: never[]): T {
    if (!Array.isArray(shape) || more.length > 0) {
      throw new ShapeError(
        `Tensor.view: the sizes go into an array, as in reshape([…]), got ${[shape, ...more].map(show).join(", ")}`,
      );
    }
    return reshape(this, shape);
  }

  /** Parts of dimension `dim`, of `size` elements each, the last of what is left; or of the sizes in an array, which add up to all. */
  split(this: T, size: number | readonly number[], dim = 0, ...more: never[]): T[] {
    checkNoMore("Tensor.split", more);
    const d = resolveOwnDim("Tensor.split", dim, this.shape.length);
    const whole = this.shape[d]!;
    const sizes = typeof size === "number" ? (size >= 1 ? even(whole, size) : []) : size;
    const isWhole = Array.isArray(sizes) && sizes.every((n) => Number.isInteger(n) && n > 0);
    if (!isWhole || sizes.reduce((a, b) => a + b, 0) !== whole) {
      throw new ShapeError(
        `Tensor.split: size must be a positive integer, or an array of them that add up to the ${whole} of dim ${d}, got ${show(size)}`,
      );
    }
    return parts(this, d, sizes);
  }

  /** At most `chunks` parts of dimension `dim`, of equal size but for the last. */
  chunk(this: T, chunks: number, dim = 0, ...more: never[]): T[] {
    checkNoMore("Tensor.chunk", more);
    checkInteger("Tensor.chunk", "chunks", chunks);
    const d = resolveOwnDim("Tensor.chunk", dim, this.shape.length);
    return parts(this, d, even(this.shape[d]!, Math.ceil(this.shape[d]! / chunks)));
  }

  /** The slices of dimension `dim`, without it. */
  unbind(this: T, dim = 0, ...more: never[]): T[] {
    checkNoMore("Tensor.unbind", more);
    const d = resolveOwnDim("Tensor.unbind", dim, this.shape.length);
    return Array.from({ length: this.shape[d]! }, (_, i) => select<T>(this, d, i));
  }

  /**
   * `out[i][j][k] = x[i][index[i][j][k]][k]` for dim 1 of three. Host data is checked; a computed index that `x` does not have gives NaN.
   * @param index As many dimensions as this; none but `dim` larger.
   */
  gather(this: T, dim: number, index: T, ...more: never[]): T {
    const where = "Tensor.gather";
    checkNoMore(where, more);
    checkTensor(where, index);
    const d = resolveDim(where, dim, this.shape.length);
    const { shape } = index;
    const [from, places] = [asVector(this), asVector(index)];
    if (
      places.shape.length !== from.shape.length ||
      places.shape.some((n, i) => i !== d && n > from.shape[i]!)
    ) {
      throw new ShapeError(
        `${where}: index must have the dimensions of ${showShape(this.shape)}, none but dim ${d} larger, got ${showShape(shape)}`,
      );
    }
    const inside = places.shape.reduce<T>((x, n, i) => (i === d ? x : slice(x, i, 0, n)), from);
    return reshape(pick(where, inside, d, places), shape);
  }

  /** The slices of dimension `dim` at the places that `index` [count] lists. Bad ones are treated as in {@link gather}. */
  indexSelect(this: T, dim: number, index: T, ...more: never[]): T {
    const where = "Tensor.indexSelect";
    checkNoMore(where, more);
    checkTensor(where, index);
    const d = resolveDim(where, dim, this.shape.length);
    const places = asVector(index);
    if (places.shape.length !== 1) {
      throw new ShapeError(`${where}: index must have one dimension, got ${showShape(index.shape)}`);
    }
    const { length: rank } = this.shape;
    if (rank === 0 && places.elements > 1) {
      throw new ShapeError(`${where}: a tensor of rank 0 takes one index, got ${places.elements}`);
    }
    const picked = pick(where, asVector(this), d, places, true);
    return rank > 0 ? picked : reshape(picked, []);
  }

  /** A new last dimension of `numClasses` with 1 at the class, else 0. A computed class that is none gives NaN. */
  oneHot(this: T, numClasses: number, ...more: never[]): T {
    checkNoMore("Tensor.oneHot", more);
    checkInteger("Tensor.oneHot", "numClasses", numClasses);
    checkIndices(this, "class", numClasses);
    return record("Tensor.oneHot", oneHot, [this], { classes: numClasses });
  }

  /**
   * Indices drawn with probabilities in the ratio of the weights in each row: [classes] gives [numSamples], [rows, classes] gives
   * [rows, numSamples], as `torch.multinomial` (https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html).
   * Every run draws anew on the GPU, with Philox's numbers, keyed by `manualSeed`. Weights that PyTorch refuses give NaN.
   */
  multinomial(this: T, numSamples: number, replacement = false, ...more: never[]): T {
    const where = "Tensor.multinomial";
    checkNoMore(where, more);
    checkInteger(where, "numSamples", numSamples);
    checkBoolean(where, "replacement", replacement);
    const classes = this.shape[this.shape.length - 1];
    if (classes === undefined || this.shape.length > 2 || (!replacement && numSamples > classes)) {
      throw new ShapeError(
        `${where}: weights must be [classes] or [rows, classes], with at least numSamples classes unless they are drawn with ` +
          `replacement, got ${showShape(this.shape)} and ${numSamples}`,
      );
    }
    checkOnTheWayIn(this, (values) => {
      const i = Array.from(values).findIndex((value) => value < 0);
      return i < 0 ? null : `every weight must be at least 0, got ${values[i]} at index ${i}`;
    });
    const random = this.drawStream(where);
    return record(where, multinomial, [this], { count: numSamples, replacement, random });
  }
}
