/**
 * Computes every gate and state of a recurrent stack at every step, by the formulas of PyTorch's LSTM
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html), GRU and RNN pages, in float64 on the CPU. The
 * library's kernels keep no gates to read afterwards; the hidden states are compared with theirs.
 */
import type { Breather } from "../breather.ts";
import type { CellKind } from "../file/stack.ts";

/** The parts of a stack that are needed. */
export interface GateStack {
  readonly kind: CellKind;
  readonly hiddenSize: number;
  readonly projSize: number;
  readonly numLayers: number;
  readonly bidirectional: boolean;
  /** The parameters by PyTorch's names, in row-major order. */
  readonly parameters: ReadonlyMap<string, { readonly data: ArrayLike<number> }>;
}

/** The trace of one layer in one direction over a sequence. */
export interface LayerTrace {
  readonly layer: number;
  readonly reverse: boolean;
  /** Gates by PyTorch's names, then the states `c` and `h`: [T, units] in the order of the input. */
  readonly series: ReadonlyMap<string, Float64Array>;
}

export interface StackTrace {
  readonly layers: readonly LayerTrace[];
  /** The last layer's hidden states, both directions side by side: [T, D·R]. */
  readonly output: Float64Array;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const GATES: Readonly<Record<CellKind, readonly string[]>> = {
  lstm: ["i", "f", "g", "o"],
  gru: ["r", "z", "n"],
  rnn: [],
};

/**
 * Runs a stack from zero states over one sequence.
 * @param x [T, inputSize]
 * @param relu Whether an RNN's nonlinearity is max(·, 0) instead of tanh.
 */
export async function traceStack(
  stack: GateStack,
  x: Float64Array,
  steps: number,
  breather: Breather,
  relu = false,
): Promise<StackTrace> {
  const width = stack.projSize || stack.hiddenSize;
  const directions = stack.bidirectional ? [false, true] : [false];
  const layers: LayerTrace[] = [];
  let input = x;
  for (let layer = 0; layer < stack.numLayers; layer++) {
    const traces: LayerTrace[] = [];
    for (const reverse of directions) {
      const series = await traceLayer(
        stack,
        `_l${layer}${reverse ? "_reverse" : ""}`,
        input,
        steps,
        breather,
        relu,
      );
      traces.push({ layer, reverse, series });
    }
    layers.push(...traces);
    const output = new Float64Array(steps * directions.length * width);
    for (const [d, { series }] of traces.entries()) {
      for (let t = 0; t < steps; t++) {
        const h = series.get("h")!.subarray(t * width, (t + 1) * width);
        output.set(h, (t * directions.length + d) * width);
      }
    }
    input = output;
  }
  return { layers, output: input };
}

async function traceLayer(
  { kind, hiddenSize: H, projSize, parameters }: GateStack,
  suffix: string,
  input: Float64Array,
  steps: number,
  breather: Breather,
  relu: boolean,
): Promise<Map<string, Float64Array>> {
  const values = (name: string) => parameters.get(name + suffix)?.data;
  const weightIh = values("weight_ih")!;
  const weightHh = values("weight_hh")!;
  const weightHr = values("weight_hr");
  const R = projSize || H;
  const features = input.length / steps;
  const rows = weightHh.length / R;
  const names = [...GATES[kind], ...(kind === "lstm" ? ["c"] : []), "h"];
  const series = new Map(names.map((name) => [name, new Float64Array(steps * (name === "h" ? R : H))]));
  let h: Float64Array = new Float64Array(R);
  const c = new Float64Array(H);
  for (let s = 0; s < steps; s++) {
    await breather.breathe();
    const t = suffix.endsWith("_reverse") ? steps - 1 - s : s;
    const fromInput = affine(
      weightIh,
      values("bias_ih"),
      input.subarray(t * features, (t + 1) * features),
      rows,
    );
    const fromState = affine(weightHh, values("bias_hh"), h, rows);
    const record = (name: string, unit: number, value: number): number => {
      series.get(name)![t * H + unit] = value;
      return value;
    };
    const next = new Float64Array(H);
    for (let j = 0; j < H; j++) {
      const sum = (gate: number) => fromInput[gate * H + j]! + fromState[gate * H + j]!;
      if (kind === "lstm") {
        const i = record("i", j, sigmoid(sum(0)));
        const f = record("f", j, sigmoid(sum(1)));
        const g = record("g", j, Math.tanh(sum(2)));
        const o = record("o", j, sigmoid(sum(3)));
        c[j] = record("c", j, f * c[j]! + i * g);
        next[j] = o * Math.tanh(c[j]!);
      } else if (kind === "gru") {
        const r = record("r", j, sigmoid(sum(0)));
        const z = record("z", j, sigmoid(sum(1)));
        const n = record("n", j, Math.tanh(fromInput[2 * H + j]! + r * fromState[2 * H + j]!));
        next[j] = (1 - z) * n + z * h[j]!;
      } else {
        next[j] = relu ? Math.max(0, sum(0)) : Math.tanh(sum(0));
      }
    }
    h = weightHr ? affine(weightHr, undefined, next, R) : next;
    series.get("h")!.set(h, t * R);
  }
  return series;
}

/** W·x + b, where W is [rows, x.length]. */
function affine(
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  x: Float64Array,
  rows: number,
): Float64Array {
  const result = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = bias ? bias[row]! : 0;
    const begin = row * x.length;
    for (let k = 0; k < x.length; k++) sum += weight[begin + k]! * x[k]!;
    result[row] = sum;
  }
  return result;
}
