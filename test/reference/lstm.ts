/**
 * A plain LSTM in float64, written to be read and checked against, not to be fast. The formulas are those of
 * https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 */

/** The parameters of a whole LSTM under PyTorch's names: `weight_ih_l0` [4H, in], `bias_ih_l0` [4H], … in row-major order. */
export type LstmParameters = ReadonlyMap<string, Float64Array>;

export interface LstmSizes {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly seqLen: number;
  readonly batch: number;
}

/** h and c of every layer: [L, N, H] each. */
export interface LstmState {
  readonly h: Float64Array;
  readonly c: Float64Array;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** x is [T, N, I]; the output is [T, N, H]. Without a state, h and c start at zero. */
export function lstmForward(
  sizes: LstmSizes,
  parameters: LstmParameters,
  x: Float64Array,
  initial?: LstmState,
): { output: Float64Array; state: LstmState } {
  const { hiddenSize: H, numLayers: L, seqLen: T, batch: N } = sizes;
  const state = {
    h: initial ? initial.h.slice() : new Float64Array(L * N * H),
    c: initial ? initial.c.slice() : new Float64Array(L * N * H),
  };
  let sequence = x;
  let features = sizes.inputSize;
  for (let layer = 0; layer < L; layer++) {
    const layerH = state.h.subarray(layer * N * H, (layer + 1) * N * H);
    const layerC = state.c.subarray(layer * N * H, (layer + 1) * N * H);
    const output = new Float64Array(T * N * H);
    for (let t = 0; t < T; t++) {
      for (let n = 0; n < N; n++) {
        const row = t * N + n;
        const input = sequence.subarray(row * features, (row + 1) * features);
        const h = layerH.subarray(n * H, (n + 1) * H);
        const c = layerC.subarray(n * H, (n + 1) * H);
        cell(layer, parameters, input, h, c);
        output.set(h, row * H);
      }
    }
    sequence = output;
    features = H;
  }
  return { output: sequence, state };
}

/** One time step of one sequence: reads h and c, and overwrites them. */
function cell(
  layer: number,
  parameters: LstmParameters,
  input: Float64Array,
  h: Float64Array,
  c: Float64Array,
): void {
  const H = h.length;
  const weightIh = parameters.get(`weight_ih_l${layer}`)!;
  const weightHh = parameters.get(`weight_hh_l${layer}`)!;
  const biasIh = parameters.get(`bias_ih_l${layer}`);
  const biasHh = parameters.get(`bias_hh_l${layer}`);
  const gates = new Float64Array(4 * H); // rows i, f, g, o
  for (let row = 0; row < 4 * H; row++) {
    let sum = (biasIh?.[row] ?? 0) + (biasHh?.[row] ?? 0);
    for (let k = 0; k < input.length; k++) sum += weightIh[row * input.length + k]! * input[k]!;
    for (let k = 0; k < H; k++) sum += weightHh[row * H + k]! * h[k]!;
    gates[row] = sum;
  }
  for (let j = 0; j < H; j++) {
    const i = sigmoid(gates[j]!);
    const f = sigmoid(gates[H + j]!);
    const g = Math.tanh(gates[2 * H + j]!);
    const o = sigmoid(gates[3 * H + j]!);
    c[j] = f * c[j]! + i * g;
    h[j] = o * Math.tanh(c[j]!);
  }
}

/** The mean of the squared differences. */
export function mse(prediction: Float64Array, target: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < prediction.length; i++) sum += (prediction[i]! - target[i]!) ** 2;
  return sum / prediction.length;
}

/** The goldens' loss: the errors of the output and of both final states, added. */
export function lstmLoss(
  sizes: LstmSizes,
  parameters: LstmParameters,
  x: Float64Array,
  initial: LstmState | undefined,
  target: { readonly output: Float64Array; readonly h: Float64Array; readonly c: Float64Array },
): number {
  const { output, state } = lstmForward(sizes, parameters, x, initial);
  return mse(output, target.output) + mse(state.h, target.h) + mse(state.c, target.c);
}

/**
 * The central difference (f(x + e) - f(x - e)) / 2e for the element `index` of `values`, which is put back afterwards.
 * Its own error is of order e^2, and of order 1e-16 / e from rounding.
 */
export function centralDifference(f: () => number, values: Float64Array, index: number, e = 1e-5): number {
  const value = values[index]!;
  values[index] = value + e;
  const above = f();
  values[index] = value - e;
  const below = f();
  values[index] = value;
  return (above - below) / (2 * e);
}
