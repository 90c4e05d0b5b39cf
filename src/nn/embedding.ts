import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import { checkIndices } from "../graph/input-checks.ts";
import { Parameter } from "../graph/parameter.ts";
import { apply, Tensor } from "../graph/tensor.ts";
import { embedding } from "../ops/layer/embedding.ts";
import { type NDArray, zerosOf } from "../shape.ts";
import { normal_ } from "./init.ts";
import { Module } from "./module.ts";

/** Options of {@link Embedding}. */
export interface EmbeddingOptions {
  /** The padding row; -1 is the last. It starts as zeros and is not learned. Default none. */
  readonly paddingIdx?: number;
}

/** Options of {@link Embedding.fromPretrained}. */
export interface PretrainedOptions extends EmbeddingOptions {
  /** Whether training leaves the table unchanged. Default true. */
  readonly freeze?: boolean;
}

/** The largest table whose indices float32 holds exactly. */
const MAX_ROWS = 2 ** 24;

/**
 * A table of learned vectors, read by index, as `torch.nn.Embedding`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html). Indices from the host are checked before a run
 * starts; an index computed on the GPU that is outside the table gives NaN.
 *
 * @example
 * const embedding = new nn.Embedding(1000, 32, { paddingIdx: 0 });
 * const vectors = embedding.forward(ids); // [N, T] to [N, T, 32]
 * const same = nn.Embedding.fromPretrained(table); // [1000, 32], frozen
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  /** Padding row, counted from 0; null for none. */
  readonly paddingIdx: number | null;
  /** [numEmbeddings, embeddingDim] */
  readonly weight: Parameter;

  /** @param pretrained Initial values instead of normal ones. @internal */
  /**
   * @param numEmbeddings Rows of the table, at most 2²⁴.
   * @param embeddingDim Width of a row.
   */
  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    options: EmbeddingOptions = {},
    pretrained?: Float32Array,
    ...more: never[]
  ) {
    super();
    checkInteger("Embedding", "numEmbeddings", numEmbeddings);
    checkNumber("Embedding", "numEmbeddings", numEmbeddings, "at most 2^24", (n) => n <= MAX_ROWS);
    checkInteger("Embedding", "embeddingDim", embeddingDim);
    const others = pretrained === undefined || pretrained instanceof Float32Array ? more : [pretrained];
    checkOptions("Embedding", options, ["paddingIdx"], others);
    const { paddingIdx } = options;
    if (paddingIdx !== undefined) {
      const range = `an integer from ${-numEmbeddings} to ${numEmbeddings - 1}`;
      checkNumber("Embedding", "paddingIdx", paddingIdx, range, (n) => {
        return Number.isInteger(n) && n >= -numEmbeddings && n < numEmbeddings;
      });
    }
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx =
      paddingIdx === undefined ? null : paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    const shape = [numEmbeddings, embeddingDim];
    if (pretrained) {
      this.weight = new Parameter(shape, pretrained.slice());
      return;
    }
    const data = zerosOf("Embedding", shape);
    this.weight = normal_(new Parameter(shape, data));
    if (this.paddingIdx !== null) {
      data.fill(0, this.paddingIdx * embeddingDim, (this.paddingIdx + 1) * embeddingDim);
    }
  }

  /**
   * An embedding with a given table [numEmbeddings, embeddingDim], as `torch.nn.Embedding.from_pretrained`. A frozen one has a
   * parameter that gets no gradient, so optimizers do not change it.
   */
  static fromPretrained(weight: NDArray, options: PretrainedOptions = {}, ...more: never[]): Embedding {
    const where = "Embedding.fromPretrained";
    checkOptions(where, options, ["freeze", "paddingIdx"], more);
    const { freeze = true, paddingIdx } = options;
    checkBoolean(where, "freeze", freeze);
    const { data, shape } = (weight ?? {}) as Partial<NDArray>;
    const [rows, width] = Array.isArray(shape) && shape.length === 2 ? (shape as [number, number]) : [0, 0];
    if (!(data instanceof Float32Array) || data.length === 0 || data.length !== rows * width) {
      throw new ShapeError(
        `${where}: weight must be { data: Float32Array, shape: [numEmbeddings, embeddingDim] } with a value an element, got ` +
          `${show(weight)}${Array.isArray(shape) ? ` of shape ${show(shape)}` : ""}`,
      );
    }
    const made = new Embedding(rows, width, paddingIdx === undefined ? {} : { paddingIdx }, data);
    made.weight.requiresGrad_(!freeze);
    return made;
  }

  /** @param indices [*], integers from 0 to numEmbeddings - 1. @returns [*, embeddingDim] */
  forward(indices: Tensor): Tensor {
    if (!(indices instanceof Tensor)) {
      throw new ShapeError(
        `Embedding.forward: indices must be a tensor, got ${show(indices)}; call it inside a traced function`,
      );
    }
    checkIndices(indices, "index of an embedding", this.numEmbeddings);
    const { paddingIdx, weight } = this;
    return apply("Embedding.forward", embedding, [weight, indices], { paddingIdx })[0]!;
  }
}
