/**
 * Recurrent networks in float64 for reference: written to be readable, not fast. The formulas are those of
 * https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html, …GRU.html and …RNN.html
 */

/** The parameters of a whole network under PyTorch's names: `weight_ih_l0` [gates·H, in], `bias_ih_l0`, … in row-major order. */
export type Parameters = ReadonlyMap<string, Float64Array>;

/** Values of a unit's gates, under PyTorch's names. */
type Gates = Readonly<Record<string, number>>;

/** States of one unit: h, and an LSTM's c. */
interface Unit {
  readonly h: number;
  readonly c?: number;
}

/** What one time step of a cell does to one of its units. */
export interface ReferenceCell {
  /** In PyTorch's order. */
  readonly gates: readonly string[];
  readonly states: readonly ["h"] | readonly ["h", "c"];
  /** The next states from W_ih x + b_ih and W_hh h + b_hh of each gate, and from the states before. */
  next(input: Gates, hidden: Gates, before: Required<Unit>): Unit;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const lstm: ReferenceCell = {
  gates: ["i", "f", "g", "o"],
  states: ["h", "c"],
  next(input, hidden, before) {
    const a = (gate: string) => input[gate]! + hidden[gate]!;
    const c = sigmoid(a("f")) * before.c + sigmoid(a("i")) * Math.tanh(a("g"));
    return { h: sigmoid(a("o")) * Math.tanh(c), c };
  },
};

const gru: ReferenceCell = {
  gates: ["r", "z", "n"],
  states: ["h"],
  next(input, hidden, before) {
    const [r, z] = [sigmoid(input["r"]! + hidden["r"]!), sigmoid(input["z"]! + hidden["z"]!)];
    const n = Math.tanh(input["n"]! + r * hidden["n"]!);
    return { h: (1 - z) * n + z * before.h };
  },
};

const elman = (activation: (x: number) => number): ReferenceCell => ({
  gates: ["h"],
  states: ["h"],
  next: (input, hidden) => ({ h: activation(input["h"]! + hidden["h"]!) }),
});

export type Kind = "lstm" | "gru" | "tanh" | "relu";

/** The cells that PyTorch has. */
export const CELLS: Readonly<Record<Kind, ReferenceCell>> = {
  lstm,
  gru,
  tanh: elman(Math.tanh),
  relu: elman((x) => Math.max(x, 0)),
};

export interface Sizes {
  readonly cell: ReferenceCell;
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Size an LSTM's hidden state is projected to; none if 0 or not given. */
  readonly projSize?: number;
  readonly numLayers: number;
  readonly bidirectional?: boolean;
  readonly seqLen: number;
  readonly batch: number;
  /** Steps of each sequence; all have seqLen if not given. */
  readonly lengths?: readonly number[];
}

/** Hidden states [L·D, N, R], and an LSTM's cell states [L·D, N, H]. */
export interface State {
  readonly h: Float64Array;
  readonly c?: Float64Array;
}

/** x is [T, N, I]; the output is [T, N, D·R], zero past a sequence's end. Without a state, everything starts at zero. */
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
          step(sizes.cell, `_l${layer}${direction}`, parameters, input, h, c);
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
function step(
  { gates, next }: ReferenceCell,
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
  const ofUnit = (sums: Float64Array, j: number) =>
    Object.fromEntries(gates.map((gate, index) => [gate, sums[index * H + j]!]));
  const nextHidden = new Float64Array(H);
  for (let j = 0; j < H; j++) {
    const unit = next(ofUnit(fromInput, j), ofUnit(fromHidden, j), { h: h[j]!, c: c[j]! });
    nextHidden[j] = unit.h;
    c[j] = unit.c ?? 0;
  }
  const projection = get("weight_hr");
  h.set(projection ? affine(projection, undefined, nextHidden) : nextHidden);
}

/** The mean of the squared differences. */
export function mse(prediction: Float64Array, target: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < prediction.length; i++) sum += (prediction[i]! - target[i]!) ** 2;
  return sum / prediction.length;
}
