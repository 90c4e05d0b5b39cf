import { show } from "../checks.ts";
import { GraphError, ShapeError } from "../errors.ts";
import { batchNormGiven } from "../ops/layer/batch-norm.ts";
import { groupNorm as groupNormOp } from "../ops/layer/group-norm.ts";
import { showShape } from "../shape.ts";
import { apply, Tensor } from "./tensor.ts";

/** Normalization by channel as functions of tensors, for modules and for imported graphs. */

/** Throws unless x is [N, channels, …]. */
export function checkChannels(
  where: string,
  x: Tensor,
  channels: number,
  most = Number.POSITIVE_INFINITY,
): void {
  if (!(x instanceof Tensor))
    throw new GraphError(`${where}: expected a tensor of this trace, got ${show(x)}`);
  const { length: rank } = x.shape;
  if (rank >= 2 && rank <= most && x.shape[1] === channels) return;
  const forms =
    most === 3 ? `[batch, ${channels}] or [batch, ${channels}, length]` : `[batch, ${channels}, …]`;
  throw new ShapeError(`${where}: the input must be ${forms}, got ${showShape(x.shape)}`);
}

/**
 * (x - mean) / √(variance + eps) · weight + bias by channel, with given statistics, as `torch.nn.functional.batch_norm` in evaluation. The
 * statistics are constants for differentiation.
 * @param x [N, C, …]
 * @param mean [C] @param variance [C] @param weight [C] @param bias [C]
 */
export function batchNorm(
  where: string,
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  eps: number,
): Tensor {
  checkChannels(where, x, mean.shape[0]!);
  const inputs = [x, weight, bias, mean.detach(), variance.detach()];
  return apply(where, batchNormGiven, inputs, { eps })[0]!;
}

/**
 * Each item's channels normalized in groups, scaled and shifted by channel, as `torch.nn.functional.group_norm`.
 * @param x [N, C, …] @param weight [C] @param bias [C]
 */
export function groupNorm(
  where: string,
  x: Tensor,
  groups: number,
  weight: Tensor | null,
  bias: Tensor | null,
  eps: number,
): Tensor {
  return apply(where, groupNormOp, [x, weight, bias], { groups, eps })[0]!;
}
