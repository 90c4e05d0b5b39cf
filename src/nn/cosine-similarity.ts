import { checkNoMore, checkNumber, checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { broadcastShape, checkTensor } from "../graph/functions.ts";
import { apply, type Tensor } from "../graph/tensor.ts";
import { elementwise } from "../ops/tensor/pointwise.ts";
import { resolveDim } from "../shape.ts";
import { Module } from "./module.ts";

/** A tensor divided by its norm along a dimension, which is at least `eps`. */
function normalized(where: string, x: Tensor, dim: number, eps: number): Tensor {
  const [norm] = apply(where, elementwise, [x.square().sum(dim, true)], { kind: "norm" });
  return x.div(apply(where, elementwise, [norm!], { kind: "atLeast", p: eps })[0]!);
}

function similarity(where: string, x1: Tensor, x2: Tensor, dim: number, eps: number): Tensor {
  for (const x of [x1, x2]) checkTensor(where, x);
  const shape = broadcastShape(where, x1.shape, x2.shape);
  const d = resolveDim(where, dim, shape.length);
  const [a, b] = [x1.expand(shape), x2.expand(shape)];
  return normalized(where, a, d, eps)
    .mul(normalized(where, b, d, eps))
    .sum(d);
}

function checkEps(where: string, eps: unknown): asserts eps is number {
  checkNumber(where, "eps", eps, "a number of at least 0", (n) => n >= 0);
}

/**
 * The cosine of the angle between vectors along `dim`, Σ a·b / (max(‖a‖, eps)·max(‖b‖, eps)), as `torch.cosine_similarity`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html), with broadcasting.
 */
export function cosineSimilarity(x1: Tensor, x2: Tensor, dim = 1, eps = 1e-8, ...more: never[]): Tensor {
  checkNoMore("cosineSimilarity", more);
  checkEps("cosineSimilarity", eps);
  return similarity("cosineSimilarity", x1, x2, dim, eps);
}

/** Options of {@link CosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** Dimension of the vectors. Default 1. */
  readonly dim?: number;
  /** Least norm. Default 1e-8. */
  readonly eps?: number;
}

/**
 * {@link cosineSimilarity} as `torch.nn.CosineSimilarity` (https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html).
 *
 * @example
 * const similarity = new nn.CosineSimilarity();
 * const s = similarity.forward(x, y); // both [N, D]: [N], from -1 to 1
 */
export class CosineSimilarity extends Module {
  readonly dim: number;
  readonly eps: number;

  constructor(options: CosineSimilarityOptions = {}, ...more: never[]) {
    super();
    checkOptions("CosineSimilarity", options, ["dim", "eps"], more);
    const { dim = 1, eps = 1e-8 } = options;
    if (!Number.isInteger(dim)) {
      throw new OptionError(`CosineSimilarity: dim must be an integer, got ${show(dim)}`);
    }
    checkEps("CosineSimilarity", eps);
    this.dim = dim;
    this.eps = eps;
  }

  /** @param x1 Any shape that broadcasts with `x2`. @returns Their common shape without `dim`. */
  forward(x1: Tensor, x2: Tensor): Tensor {
    return similarity("CosineSimilarity.forward", x1, x2, this.dim, this.eps);
  }
}
