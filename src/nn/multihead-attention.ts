import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from "../checks.ts";
import { GraphError, OptionError, ShapeError } from "../errors.ts";
import { checkOnTheWayIn } from "../graph/input-checks.ts";
import { Parameter } from "../graph/parameter.ts";
import { apply, Tensor } from "../graph/tensor.ts";
import { linear } from "../ops/layer/linear.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import { drawn } from "./drawn.ts";
import { dropoutIn } from "./dropout.ts";
import { Module } from "./module.ts";

/** Options of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions {
  /** Probability of a zero among the attention weights in training. Default 0. */
  readonly dropout?: number;
  /** Whether the projections have biases. Default true. */
  readonly bias?: boolean;
  /** Features of the keys. Default `embedDim`. */
  readonly kdim?: number;
  /** Features of the values. Default `embedDim`. */
  readonly vdim?: number;
  /** Whether sequences are [batch, time, features] instead of [time, batch, features]. Default false. */
  readonly batchFirst?: boolean;
}

/** Options of {@link MultiheadAttention.forward}. */
export interface AttentionOptions {
  /** [N, S] (or [S]): 1 for keys that nothing attends to, such as padding, 0 for others. */
  readonly keyPaddingMask?: Tensor;
  /** [L, S] or [N·numHeads, L, S]: 1 where a query does not attend to a key, 0 elsewhere: PyTorch's boolean mask. */
  readonly attnMask?: Tensor;
  /** [L, S] or [N·numHeads, L, S]: is added to the scores, as PyTorch's mask of numbers. */
  readonly attnBias?: Tensor;
  /** Whether to return the attention weights. Default true. */
  readonly needWeights?: boolean;
  /** Whether the returned weights are the mean over the heads. Default true. */
  readonly averageAttnWeights?: boolean;
}

/** What {@link MultiheadAttention} returns. */
export interface AttentionResult {
  /** [L, N, embedDim], [N, L, embedDim] with `batchFirst`, or [L, embedDim]. */
  readonly output: Tensor;
  /** [N, L, S], or [N, numHeads, L, S] of each head; without N for one sequence. `null` if not asked for. */
  readonly weights: Tensor | null;
}

const KNOWN = ["keyPaddingMask", "attnMask", "attnBias", "needWeights", "averageAttnWeights"];

/**
 * Attention of L queries to S keys and their values in several heads: softmax(Q·Kᵀ/√(embedDim / numHeads))·V of projections, as
 * `torch.nn.MultiheadAttention` (https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html). A query that may attend to
 * no key gives NaN, as in PyTorch.
 *
 * @example
 * const attention = new nn.MultiheadAttention(64, 4, { batchFirst: true });
 * const { output } = attention.forward(x, x, x); // [N, L, 64] to [N, L, 64]
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly dropout: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly batchFirst: boolean;
  /** One weight for queries, keys and values, one above the other; or three where their features differ. */
  readonly #inWeights: readonly Parameter[];
  readonly #inBias: Parameter | null;
  readonly #outWeight: Parameter;
  readonly #outBias: Parameter | null;

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}, ...more: never[]) {
    super();
    const where = "MultiheadAttention";
    checkInteger(where, "embedDim", embedDim);
    checkInteger(where, "numHeads", numHeads);
    checkOptions(where, options, ["dropout", "bias", "kdim", "vdim", "batchFirst"], more);
    const { dropout = 0, bias = true, kdim = embedDim, vdim = embedDim, batchFirst = false } = options;
    checkNumber(where, "dropout", dropout, "a probability from 0 to 1", (n) => n >= 0 && n <= 1);
    checkBoolean(where, "bias", bias);
    checkInteger(where, "kdim", kdim);
    checkInteger(where, "vdim", vdim);
    checkBoolean(where, "batchFirst", batchFirst);
    if (embedDim % numHeads !== 0) {
      throw new OptionError(`${where}: numHeads must divide embedDim (${embedDim}), got ${numHeads}`);
    }
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.dropout = dropout;
    this.kdim = kdim;
    this.vdim = vdim;
    this.batchFirst = batchFirst;
    const zeros = (size: number) => new Parameter([size], new Float32Array(size));
    // PyTorch's order: the output's projection is a Linear whose bias is drawn, and set to zero afterwards.
    const outBound = 1 / Math.sqrt(embedDim);
    this.#outWeight = drawn(where, [embedDim, embedDim], outBound);
    if (bias) drawn(where, [embedDim], outBound);
    const isPacked = kdim === embedDim && vdim === embedDim;
    const shapes: Shape[] = isPacked
      ? [[3 * embedDim, embedDim]]
      : [embedDim, kdim, vdim].map((size) => [embedDim, size]);
    this.#inWeights = shapes.map((shape) => drawn(where, shape, xavierBound(shape)));
    this.#inBias = bias ? zeros(3 * embedDim) : null;
    this.#outBias = bias ? zeros(embedDim) : null;
    const names = isPacked ? ["in_proj_weight"] : ["q_proj_weight", "k_proj_weight", "v_proj_weight"];
    for (const [i, name] of names.entries()) this.registerParameter(name, this.#inWeights[i]!);
    if (this.#inBias) this.registerParameter("in_proj_bias", this.#inBias);
    this.registerParameter("out_proj.weight", this.#outWeight);
    if (this.#outBias) this.registerParameter("out_proj.bias", this.#outBias);
  }

  /**
   * Attends with every query to all keys, and sums their values.
   *
   * @param query [L, N, embedDim], [N, L, embedDim] with `batchFirst`, or [L, embedDim] for one sequence
   * @param key [S, N, kdim], [N, S, kdim] or [S, kdim]
   * @param value [S, N, vdim], [N, S, vdim] or [S, vdim]
   */
  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: AttentionOptions = {},
    ...more: never[]
  ): AttentionResult {
    const where = "MultiheadAttention.forward";
    checkOptions(where, options, KNOWN, more);
    const { needWeights = true, averageAttnWeights = true } = options;
    checkBoolean(where, "needWeights", needWeights);
    checkBoolean(where, "averageAttnWeights", averageAttnWeights);
    this.#checkShapes(where, query, key, value);
    const { batchFirst, numHeads, embedDim } = this;
    const isBatch = query.shape.length === 3;
    const toBatch = (x: Tensor) => (!isBatch ? x.unsqueeze(0) : batchFirst ? x : x.transpose(0, 1));
    const [q, k, v] = this.#project(where, query, key, value).map(toBatch) as [Tensor, Tensor, Tensor];
    const [batch, length] = q.shape as [number, number];
    const keys = k.shape[1]!;
    const size = embedDim / numHeads;
    const heads = (x: Tensor) => x.reshape([batch, x.shape[1]!, numHeads, size]);
    const queries = heads(q.mul(1 / Math.sqrt(size))).permute([0, 2, 1, 3]);
    let scores = queries.matmul(heads(k).permute([0, 2, 3, 1]));
    for (const mask of this.#masks(where, options, [batch, length, keys])) scores = scores.add(mask);
    const attention = dropoutIn(where, this, scores.softmax(-1), this.dropout);
    const mixed = attention.matmul(heads(v).permute([0, 2, 1, 3]));
    const joined = mixed.permute([0, 2, 1, 3]).reshape([batch, length, embedDim]);
    const [projected] = apply(where, linear, [joined, this.#outWeight, this.#outBias], undefined);
    const output = !isBatch ? projected!.squeeze(0) : batchFirst ? projected! : projected!.transpose(0, 1);
    if (!needWeights) return { output, weights: null };
    const weights = averageAttnWeights ? attention.mean(1) : attention;
    return { output, weights: isBatch ? weights : weights.squeeze(0) };
  }

  /** Queries, keys and values, projected. */
  #project(where: string, ...given: readonly [Tensor, Tensor, Tensor]): Tensor[] {
    const { embedDim } = this;
    const project = (x: Tensor, weight: Tensor, bias: Tensor | null) =>
      apply(where, linear, [x, weight, bias], undefined)[0]!;
    const part = (x: Tensor, i: number, dim = 0) => x.slice(dim, i * embedDim, (i + 1) * embedDim);
    const [packed, ...others] = this.#inWeights;
    const bias = this.#inBias;
    if (others.length === 0 && given.every((x) => x === given[0])) {
      const all = project(given[0], packed!, bias);
      return given.map((_, i) => part(all, i, -1));
    }
    return given.map((x, i) =>
      project(x, others.length > 0 ? this.#inWeights[i]! : part(packed!, i), bias && part(bias, i)),
    );
  }

  /** What is added to the scores [N, numHeads, L, S]. */
  #masks(
    where: string,
    { keyPaddingMask, attnMask, attnBias }: AttentionOptions,
    [batch, length, keys]: readonly [number, number, number],
  ): Tensor[] {
    const { numHeads } = this;
    const shaped = (name: string, mask: Tensor, shapes: readonly (readonly [from: Shape, to: Shape])[]) => {
      if (!(mask instanceof Tensor))
        throw new GraphError(`${where}: ${name} must be a tensor of this trace, got ${show(mask)}`);
      const fitting = shapes.find(([shape]) => sameShape(shape, mask.shape));
      if (fitting) return mask.reshape(fitting[1]);
      const wanted = shapes.map(([shape]) => showShape(shape)).join(" or ");
      throw new ShapeError(`${where}: ${name} must be ${wanted}, got ${showShape(mask.shape)}`);
    };
    const ofScores = [
      [
        [length, keys],
        [1, 1, length, keys],
      ],
      [
        [batch * numHeads, length, keys],
        [batch, numHeads, length, keys],
      ],
    ] as const;
    const keysOf = (shape: Shape): [Shape, Shape] => [shape, [batch, 1, 1, keys]];
    const ofKeys = batch === 1 ? [keysOf([1, keys]), keysOf([keys])] : [keysOf([batch, keys])];
    // 0 where a query attends, -∞ where it does not.
    const excluding = (name: string, mask: Tensor) => {
      checkOnTheWayIn(mask, (values) => {
        const wrong = Array.from(values).findIndex((value) => value !== 0 && value !== 1);
        return wrong < 0 ? null : `every ${name} must be 0 or 1, got ${values[wrong]} at index ${wrong}`;
      });
      return mask.detach().neg().add(1).log();
    };
    return [
      ...(attnBias === undefined ? [] : [shaped("attnBias", attnBias, ofScores)]),
      ...(attnMask === undefined ? [] : [excluding("attnMask", shaped("attnMask", attnMask, ofScores))]),
      ...(keyPaddingMask === undefined
        ? []
        : [excluding("keyPaddingMask", shaped("keyPaddingMask", keyPaddingMask, ofKeys))]),
    ];
  }

  #checkShapes(where: string, ...given: readonly [Tensor, Tensor, Tensor]): void {
    const { embedDim, kdim, vdim, batchFirst } = this;
    for (const x of given) {
      if (!(x instanceof Tensor))
        throw new GraphError(`${where}: expected a tensor of this trace, got ${show(x)}`);
    }
    const [query, key, value] = given.map(({ shape }) => shape) as [Shape, Shape, Shape];
    const rank = query.length;
    const [time, items] = rank === 2 ? [0, -1] : batchFirst ? [1, 0] : [0, 1];
    const fits =
      (rank === 2 || rank === 3) &&
      key.length === rank &&
      value.length === rank &&
      query[rank - 1] === embedDim &&
      key[rank - 1] === kdim &&
      value[rank - 1] === vdim &&
      key[time] === value[time] &&
      key[items] === query[items] &&
      value[items] === query[items];
    if (fits) return;
    const form = (name: string, size: number) =>
      batchFirst ? `[N, ${name}, ${size}]` : `[${name}, N, ${size}]`;
    throw new ShapeError(
      `${where}: query, key and value must be ${form("L", embedDim)}, ${form("S", kdim)} and ${form("S", vdim)}, or all without N, got ` +
        `${showShape(query)}, ${showShape(key)} and ${showShape(value)}`,
    );
  }
}

/** Bound of xavier_uniform_. */
function xavierBound([rows, columns]: Shape): number {
  return Math.sqrt(3) * Math.sqrt(2 / (rows! + columns!));
}
