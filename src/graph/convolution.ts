import { show } from "../checks.ts";
import { GraphError, ShapeError } from "../errors.ts";
import type { Op } from "../ops/op.ts";
import {
  type Conv1dAttributes,
  conv1d as conv1dOp,
  convTranspose1d as transposedOp,
} from "../ops/product/conv1d.ts";
import { showShape } from "../shape.ts";
import { apply, Tensor } from "./tensor.ts";

/** Convolutions as functions of tensors, for modules and for imported graphs. */

/** How a convolution's window moves. */
interface ConvolutionOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros at both ends, or before and after. Default 0. */
  readonly padding?: number | readonly [before: number, after: number];
  /** Default 1. */
  readonly dilation?: number;
  /** Default 1. */
  readonly groups?: number;
}

interface TransposedOptions extends ConvolutionOptions {
  /** Elements that the output is longer at its end. Default 0. */
  readonly outputPadding?: number;
}

function checkInputs(where: string, x: Tensor, weight: Tensor, channels: number): void {
  if (!(x instanceof Tensor))
    throw new GraphError(`${where}: expected a tensor of this trace, got ${show(x)}`);
  const rank = x.shape.length;
  if ((rank !== 2 && rank !== 3) || x.shape[rank - 2] !== channels) {
    throw new ShapeError(
      `${where}: the input must be [batch, ${channels}, length], or [${channels}, length] without a batch, got ${showShape(x.shape)}; ` +
        `the weight is ${showShape(weight.shape)}`,
    );
  }
}

/** Applies an op that wants a batch; a single item gets one for it. */
function inBatch(
  where: string,
  op: Op<Conv1dAttributes>,
  x: Tensor,
  rest: readonly (Tensor | null)[],
  attributes: Conv1dAttributes,
): Tensor {
  if (x.shape.length === 3) return apply(where, op, [x, ...rest], attributes)[0]!;
  const [y] = apply(where, op, [x.unsqueeze(0), ...rest], attributes);
  return y!.squeeze(0);
}

/** Both ends' padding. */
function ends(padding: number | readonly [number, number]): readonly [number, number] {
  return typeof padding === "number" ? [padding, padding] : padding;
}

/**
 * The cross-correlation of x with a kernel, as `torch.nn.functional.conv1d`.
 * @param x [N, C, L] or [C, L]
 * @param weight [C', C / groups, K]
 * @param bias [C']
 * @returns [N, C', L'] or [C', L']
 * @throws ShapeError for sizes that do not fit.
 */
export function conv1d(
  where: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvolutionOptions = {},
): Tensor {
  checkInputs(where, x, weight, weight.shape[1]! * groups);
  const taps = weight.shape[2]!;
  const [before, after] = ends(padding);
  const length = x.shape[x.shape.length - 1]!;
  const span = dilation * (taps - 1) + 1;
  const outLength = Math.floor((length + before + after - span) / stride) + 1;
  if (outLength < 1) {
    throw new ShapeError(
      `${where}: the kernel reaches over ${span} elements, more than the ${length + before + after} of the padded input ` +
        `${showShape(x.shape)}; give a longer input, or more padding`,
    );
  }
  return inBatch(where, conv1dOp, x, [weight, bias], {
    stride,
    dilation,
    padding: before,
    groups,
    outLength,
  });
}

/**
 * The gradient of a convolution for its input, as a function: `torch.nn.functional.conv_transpose1d`.
 * @param x [N, C, L] or [C, L]
 * @param weight [C, C' / groups, K]
 * @param bias [C']
 * @returns [N, C', L'] or [C', L'], L' = (L - 1)·stride - padding at both ends + dilation·(K - 1) + outputPadding + 1
 * @throws ShapeError for sizes that do not fit.
 */
export function convTranspose1d(
  where: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { stride = 1, padding = 0, dilation = 1, groups = 1, outputPadding = 0 }: TransposedOptions = {},
): Tensor {
  checkInputs(where, x, weight, weight.shape[0]!);
  const taps = weight.shape[2]!;
  const [before, after] = ends(padding);
  const length = x.shape[x.shape.length - 1]!;
  const outLength = (length - 1) * stride - before - after + dilation * (taps - 1) + outputPadding + 1;
  if (outLength < 1) {
    throw new ShapeError(
      `${where}: nothing is left of the output, whose length would be ${outLength} for the input ${showShape(x.shape)}; use less padding`,
    );
  }
  return inBatch(where, transposedOp, x, [weight, bias], {
    stride,
    dilation,
    padding: before,
    groups,
    outLength,
  });
}
