import { Generator, type NDArray, type Shape } from "webgpu-lstm";

/** The part of a model's work that is timed. */
export type Task =
  /** Forward, backward and Adam's update. */
  | "train"
  /** Forward and backward: the gradient of every parameter, without an update. */
  | "gradients"
  /** Forward; the last layer's final hidden state is read back. */
  | "infer"
  /** One time step at a time, with carried state; the answer of every step is read back. */
  | "stream";

/** A piece of work to time: recurrent layers, and a Linear over them if there is a loss. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly task: Task;
  readonly kind: "lstm" | "gru" | "tanh";
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  /** Output size of the Linear; 0 for none. */
  readonly outputSize: number;
  /** Time steps; for a stream, the steps before the first timed one. */
  readonly seqLen: number;
  readonly batch: number;
  /** Whether the Linear reads every time step, or only the last one. */
  readonly everyStep: boolean;
  readonly loss: "mse" | "cross-entropy";
  readonly learningRate: number;
  /** Whether this library keeps only h and c and recomputes the gates in the backward pass; for W6, and for no peer. */
  readonly recompute?: boolean;
}

const W1: Workload = {
  name: "W1",
  title: "LSTM(1→50) + Linear(50→1) on the last step, T=20, B=980, MSE, Adam: a training step",
  task: "train",
  kind: "lstm",
  inputSize: 1,
  hiddenSize: 50,
  numLayers: 1,
  outputSize: 1,
  seqLen: 20,
  batch: 980,
  everyStep: false,
  loss: "mse",
  learningRate: 0.001,
};

const W2: Workload = {
  ...W1,
  name: "W2",
  title: "LSTM(64→128, 2 layers) + Linear(128→1) on the last step, T=50, B=64, MSE, Adam: a training step",
  inputSize: 64,
  hiddenSize: 128,
  numLayers: 2,
  seqLen: 50,
  batch: 64,
};

const [W3, W3_GRU, W3_RNN] = (["lstm", "gru", "tanh"] as const).map((kind): Workload => {
  const label = kind === "tanh" ? "RNN" : kind.toUpperCase();
  return {
    ...W1,
    name: kind === "lstm" ? "W3" : `W3-${label}`,
    title: `${label}(64→256) + Linear(256→64) at every step, T=64, B=32, cross-entropy, Adam: a training step`,
    kind,
    inputSize: 64,
    hiddenSize: 256,
    outputSize: 64,
    seqLen: 64,
    batch: 32,
    everyStep: true,
    loss: "cross-entropy",
  };
}) as [Workload, Workload, Workload];

const W4: Workload = {
  ...W1,
  name: "W4",
  title: "LSTM(64→256, 2 layers), T=100, B=32: forward, the final hidden state read back",
  task: "infer",
  inputSize: 64,
  hiddenSize: 256,
  numLayers: 2,
  outputSize: 0,
  seqLen: 100,
  batch: 32,
};

const W5: Workload = {
  ...W1,
  name: "W5",
  title: "LSTM(32→128), B=1: one time step, its state carried, its answer read back",
  task: "stream",
  inputSize: 32,
  hiddenSize: 128,
  outputSize: 0,
  seqLen: 16,
  batch: 1,
};

const W6: Workload = {
  ...W1,
  name: "W6",
  title: "LSTM(8→64) + Linear(64→1) at every step, T=1000, B=8, MSE: forward and backward",
  task: "gradients",
  inputSize: 8,
  hiddenSize: 64,
  seqLen: 1000,
  batch: 8,
  everyStep: true,
};

const W6_RECOMPUTE: Workload = {
  ...W6,
  name: "W6-recompute",
  title: `${W6.title}, gates made again in the backward pass`,
  recompute: true,
};

export const workloads: readonly Workload[] = [W1, W2, W3, W3_GRU, W3_RNN, W4, W5, W6, W6_RECOMPUTE];

/** The number of gates of a unit. */
const GATES = { lstm: 4, gru: 3, tanh: 1 } as const;

/** The numbers of a workload, the same for every contestant. */
export interface Problem {
  readonly workload: Workload;
  /** [B, T, inputSize] */
  readonly x: NDArray;
  /** [B, T, outputSize], or [B, outputSize] if only the last step counts; for a cross-entropy, classes [B, T] or [B]. */
  readonly y: NDArray;
  /** Further batches, of the same shapes: training steps take `x` and `y`, then these, then begin again. */
  readonly more?: readonly { readonly x: NDArray; readonly y: NDArray }[];
  /** Whether only one of PyTorch's two biases is trained: TensorFlow.js has one, and Adam would move their sum twice as far. */
  readonly oneBias?: boolean;
  /** Initial weights under PyTorch's names, of a module with fields `recurrent` and `fc`. */
  readonly weights: ReadonlyMap<string, NDArray>;
}

export function makeProblem(workload: Workload): Problem {
  const { kind, inputSize: I, hiddenSize: H, numLayers: L, outputSize: O } = workload;
  const { seqLen: T, batch: B, everyStep, loss } = workload;
  const generator = new Generator(0);
  const uniform = (shape: Shape, bound: number): NDArray => {
    const data = new Float32Array(shape.reduce((size, n) => size * n, 1));
    return { shape, data: generator.uniform_(data, -bound, bound) };
  };
  const bound = 1 / Math.sqrt(H); // PyTorch's for both layers
  const rows = GATES[kind] * H;
  const shapes: [string, Shape][] = [];
  for (let layer = 0; layer < L; layer++) {
    shapes.push(
      [`recurrent.weight_ih_l${layer}`, [rows, layer === 0 ? I : H]],
      [`recurrent.weight_hh_l${layer}`, [rows, H]],
      [`recurrent.bias_ih_l${layer}`, [rows]],
      [`recurrent.bias_hh_l${layer}`, [rows]],
    );
  }
  if (O > 0) shapes.push(["fc.weight", [O, H]], ["fc.bias", [O]]);
  const x = uniform([B, T, I], 1);
  const rowsOfY = everyStep ? [B, T] : [B];
  let y: NDArray = { shape: [0], data: new Float32Array(0) };
  if (loss === "cross-entropy") {
    const { data } = uniform(rowsOfY, 1);
    y = { shape: rowsOfY, data: data.map((value) => Math.min(O - 1, Math.floor(((value + 1) / 2) * O))) };
  } else if (O > 0) {
    y = uniform([...rowsOfY, O], 1);
  }
  return { workload, x, y, weights: new Map(shapes.map(([name, shape]) => [name, uniform(shape, bound)])) };
}

/** The rows [B, I] of each time step of x [B, T, I]. */
export function timeSteps(x: Float32Array, B: number, T: number, I: number): Float32Array[] {
  return Array.from({ length: T }, (_, t) => {
    const rows = new Float32Array(B * I);
    for (let b = 0; b < B; b++) rows.set(x.subarray((b * T + t) * I, (b * T + t + 1) * I), b * I);
    return rows;
  });
}
