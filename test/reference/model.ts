/** Whole models in float64: recurrent blocks with normalization and activation behind them, and a linear head. */
import { CELLS, type Kind, mse, type Parameters, recurrentForward } from "../../tasks/reference/recurrent.ts";

type Activation = "none" | "relu" | "tanh" | "sigmoid";

/** Recurrent layers of one kind, then LayerNorm and an activation where wanted. */
export interface Block {
  readonly kind: Kind;
  readonly hiddenSize: number;
  /** Size an LSTM's hidden state is projected to; 0 for none. */
  readonly projSize: number;
  readonly numLayers: number;
  readonly bidirectional: boolean;
  readonly bias: boolean;
  readonly norm: boolean;
  readonly activation: Activation;
}

export interface ModelSizes {
  readonly blocks: readonly Block[];
  readonly inputSize: number;
  readonly outputSize: number;
  readonly seqLen: number;
  readonly batch: number;
  readonly lengths: readonly number[] | null;
  /** Whether the head sees the last step alone. */
  readonly last: boolean;
}

/** Features of a block's output. */
export function widthOf({ hiddenSize, projSize, bidirectional }: Block): number {
  return (projSize || hiddenSize) * (bidirectional ? 2 : 1);
}

const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};

/** The parameters under `prefix`, without it. */
function below(parameters: Parameters, prefix: string): Parameters {
  const names = [...parameters.keys()].filter((name) => name.startsWith(prefix));
  return new Map(names.map((name) => [name.slice(prefix.length), parameters.get(name)!]));
}

/** Each row of `x` to mean 0 and variance 1, times weight, plus bias. */
function layerNorm(x: Float64Array, parameters: Parameters): Float64Array {
  const [weight, bias] = [parameters.get("weight")!, parameters.get("bias")!];
  const width = weight.length;
  const result = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += width) {
    const row = x.subarray(at, at + width);
    const mean = row.reduce((sum, value) => sum + value, 0) / width;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    for (const [k, value] of row.entries()) {
      result[at + k] = ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[k]! + bias[k]!;
    }
  }
  return result;
}

/** x·Wᵀ + b for every row of `x`. */
function linear(x: Float64Array, parameters: Parameters, width: number): Float64Array {
  const [weight, bias] = [parameters.get("weight")!, parameters.get("bias")];
  const outputs = weight.length / width;
  return Float64Array.from({ length: (x.length / width) * outputs }, (_, i) => {
    const [row, k] = [Math.floor(i / outputs), i % outputs];
    let sum = bias?.[k] ?? 0;
    for (let j = 0; j < width; j++) sum += x[row * width + j]! * weight[k * width + j]!;
    return sum;
  });
}

/** Outputs [T, N, O] of x [T, N, I], or [N, O] of the last step. The parameters have the names that test/browser/random-model.ts gives. */
export function modelForward(sizes: ModelSizes, parameters: Parameters, x: Float64Array): Float64Array {
  const { seqLen, batch, lengths } = sizes;
  let [sequence, features] = [x, sizes.inputSize];
  for (const [i, block] of sizes.blocks.entries()) {
    const recurrent = {
      ...block,
      cell: CELLS[block.kind],
      inputSize: features,
      seqLen,
      batch,
      ...(lengths && { lengths }),
    };
    const own = below(parameters, `layers.${i}.`);
    const h = parameters.get(`h${i}`);
    const c = parameters.get(`c${i}`);
    const state = h && { h, ...(c && { c }) };
    sequence = recurrentForward(recurrent, own, sequence, state).output;
    if (block.norm) sequence = layerNorm(sequence, below(parameters, `norms.${i}.`));
    sequence = sequence.map(ACTIVATIONS[block.activation]);
    features = widthOf(block);
  }
  if (sizes.last) sequence = sequence.subarray((seqLen - 1) * batch * features);
  return linear(sequence, below(parameters, "head."), features);
}

/** The mean squared error of a model's outputs. */
export function modelLoss(
  sizes: ModelSizes,
  parameters: Parameters,
  x: Float64Array,
  target: Float64Array,
): number {
  return mse(modelForward(sizes, parameters, x), target);
}
