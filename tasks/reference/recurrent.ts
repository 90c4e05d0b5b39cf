/**
 * Recurrent networks in float64 for reference: written to be readable, not fast. The formulas are those of
 * https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html, …GRU.html and …RNN.html
 */

/** The parameters of a network under PyTorch's names: `weight_ih_l0` [gates·H, in], `bias_ih_l0`, … in row-major order. */
export type Parameters = ReadonlyMap<string, Float64Array>;

export type Kind = "lstm" | "gru" | "tanh" | "relu";

export interface Sizes {
  readonly kind: Kind;
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Size of an LSTM's projected hidden state; 0 or undefined for no projection. */
  readonly projSize?: number;
  readonly numLayers: number;
  readonly bidirectional?: boolean;
  readonly seqLen: number;
  readonly batch: number;
  /** Length of each sequence; seqLen if not given. */
  readonly lengths?: readonly number[];
}

/** Hidden states [L·D, N, R], and an LSTM's cell states [L·D, N, H]. */
export interface State {
  readonly h: Float64Array;
  readonly c?: Float64Array;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** x is [T, N, I]; the output is [T, N, D·R], zero past a sequence's end. The initial state is zero if not given. */
export function recurrentForward(
  sizes: Sizes,
  parameters: Parameters,
  x: Float64Array,
  initial?: State,
): { output: Float64Array; state: { h: Float64Array; c: Float64Array } } {
  const { hiddenSize: H, numLayers: L, seqLen: T, batch: N, lengths } = sizes;
  const R = sizes.projSize || H;
  const directions = sizes.bidirectional ? ["", "_reverse"] : [""];
  const D = directions.length;
  const state = {
    h: initial ? initial.h.slice() : new Float64Array(L * D * N * R),
    c: initial?.c ? initial.c.slice() : new Float64Array(L * D * N * H),
  };
  let sequence = x;
  let features = sizes.inputSize;
  for (let layer = 0; layer < L; layer++) {
    const output = new Float64Array(T * N * D * R);
    for (const [d, direction] of directions.entries()) {
      for (let n = 0; n < N; n++) {
        const row = (layer * D + d) * N + n;
        const h = state.h.subarray(row * R, (row + 1) * R);
        const c = state.c.subarray(row * H, (row + 1) * H);
        const length = lengths?.[n] ?? T;
        for (let s = 0; s < length; s++) {
          const t = direction === "" ? s : length - 1 - s;
          const input = sequence.subarray((t * N + n) * features, (t * N + n + 1) * features);
          cell(sizes.kind, `_l${layer}${direction}`, parameters, input, h, c);
          output.set(h, ((t * N + n) * D + d) * R);
        }
      }
    }
    sequence = output;
    features = D * R;
  }
  return { output: sequence, state };
}

/** W v + b for the rows of a weight. */
function affine(weight: Float64Array, bias: Float64Array | undefined, vector: Float64Array): Float64Array {
  const rows = weight.length / vector.length;
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = bias?.[row] ?? 0;
    for (let k = 0; k < vector.length; k++) sum += weight[row * vector.length + k]! * vector[k]!;
    return sum;
  });
}

/** One time step of one sequence: reads h and c, and overwrites them. */
function cell(
  kind: Kind,
  suffix: string,
  parameters: Parameters,
  input: Float64Array,
  h: Float64Array,
  c: Float64Array,
): void {
  const H = c.length;
  const get = (name: string) => parameters.get(name + suffix);
  const fromInput = affine(get("weight_ih")!, get("bias_ih"), input);
  const fromHidden = affine(get("weight_hh")!, get("bias_hh"), h);
  const gate = (index: number, j: number) => fromInput[index * H + j]! + fromHidden[index * H + j]!;
  const next = new Float64Array(H);
  for (let j = 0; j < H; j++) {
    if (kind === "lstm") {
      const [i, f, o] = [sigmoid(gate(0, j)), sigmoid(gate(1, j)), sigmoid(gate(3, j))];
      c[j] = f * c[j]! + i * Math.tanh(gate(2, j));
      next[j] = o * Math.tanh(c[j]!);
    } else if (kind === "gru") {
      const [r, z] = [sigmoid(gate(0, j)), sigmoid(gate(1, j))];
      const n = Math.tanh(fromInput[2 * H + j]! + r * fromHidden[2 * H + j]!);
      next[j] = (1 - z) * n + z * h[j]!;
    } else {
      next[j] = kind === "tanh" ? Math.tanh(gate(0, j)) : Math.max(gate(0, j), 0);
    }
  }
  const projection = get("weight_hr");
  h.set(projection ? affine(projection, undefined, next) : next);
}

/** The mean of the squared differences. */
export function mse(prediction: Float64Array, target: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < prediction.length; i++) sum += (prediction[i]! - target[i]!) ** 2;
  return sum / prediction.length;
}
