import { show } from "../checks.ts";
import { GraphError, ShapeError } from "../errors.ts";
import { averagePool, maxPool } from "../ops/layer/pool.ts";
import { showShape } from "../shape.ts";
import { apply, Tensor } from "./tensor.ts";

/** Pooling as functions of tensors, for modules and for imported graphs. */

/** The windows. */
interface PoolOptions {
  readonly kernelSize: number;
  /** Default: `kernelSize`. */
  readonly stride?: number;
  /** Places at both ends, or before and after. Default 0. */
  readonly padding?: number | readonly [before: number, after: number];
  /** Whether a last window may reach beyond the end. Default false. */
  readonly ceilMode?: boolean;
}

interface MaxPoolOptions extends PoolOptions {
  /** Default 1. */
  readonly dilation?: number;
}

interface AveragePoolOptions extends PoolOptions {
  /** Whether a mean's divisor counts places in the padding. Default true. */
  readonly countIncludePad?: boolean;
}

/** The length of x [N, C, L] or [C, L]. */
function lengthOf(where: string, x: Tensor): number {
  if (!(x instanceof Tensor))
    throw new GraphError(`${where}: expected a tensor of this trace, got ${show(x)}`);
  const rank = x.shape.length;
  if (rank !== 2 && rank !== 3) {
    throw new ShapeError(
      `${where}: the input must be [batch, channels, length], or [channels, length] without a batch, got ${showShape(x.shape)}`,
    );
  }
  return x.shape[rank - 1]!;
}

/** Windows and their number, as PyTorch counts them: each begins inside x or in the padding before it. */
function windows(where: string, x: Tensor, options: MaxPoolOptions) {
  const length = lengthOf(where, x);
  const { kernelSize, stride = kernelSize, padding = 0, dilation = 1, ceilMode = false } = options;
  const [before, after] = typeof padding === "number" ? [padding, padding] : padding;
  const span = dilation * (kernelSize - 1) + 1;
  const room = (length + before + after - span) / stride;
  let outLength = (ceilMode ? Math.ceil(room) : Math.floor(room)) + 1;
  if (ceilMode && (outLength - 1) * stride >= length + before) outLength--;
  if (outLength < 1) {
    throw new ShapeError(
      `${where}: the window reaches over ${span} elements, more than the ${length + before + after} of the padded input ` +
        `${showShape(x.shape)}; give a longer input, or more padding`,
    );
  }
  return { outLength, taps: kernelSize, stride, dilation, padding: before, after };
}

/**
 * The largest element of each window, as `torch.nn.functional.max_pool1d`.
 * @throws ShapeError for an input that is shorter than a window.
 */
export function maxPool1d(where: string, x: Tensor, options: MaxPoolOptions): Tensor {
  const { after: _, ...attributes } = windows(where, x, options);
  return apply(where, maxPool, [x], attributes)[0]!;
}

/**
 * The mean of each window, as `torch.nn.functional.avg_pool1d`.
 * @throws ShapeError for an input that is shorter than a window.
 */
export function avgPool1d(where: string, x: Tensor, options: AveragePoolOptions): Tensor {
  const { dilation: _, ...attributes } = windows(where, x, options);
  const { countIncludePad: countsPadding = true } = options;
  return apply(where, averagePool, [x], { ...attributes, countsPadding, adaptive: false })[0]!;
}

/** The means of `outLength` windows that divide x as equally as they can, as `torch.nn.functional.adaptive_avg_pool1d`. */
export function adaptiveAvgPool1d(where: string, x: Tensor, outLength: number): Tensor {
  const length = lengthOf(where, x);
  const taps = Math.ceil(length / outLength);
  // The kernel's numbers are u32.
  if ((outLength + 1) * (length + 1) >= 2 ** 32) {
    throw new ShapeError(
      `${where}: ${outLength} windows of ${showShape(x.shape)} are too many; make them fewer`,
    );
  }
  const windows = { outLength, taps, stride: 1, padding: 0, after: 0, countsPadding: false, adaptive: true };
  return apply(where, averagePool, [x], windows)[0]!;
}
