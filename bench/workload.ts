import { Generator, type NDArray, type Shape } from "webgpu-lstm";

/** A training step to be timed: a recurrent layer, Linear, mean squared error, Adam. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly kind: "lstm" | "gru" | "tanh";
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly outputSize: number;
  /** Time steps. */
  readonly seqLen: number;
  readonly batch: number;
  /** Whether Linear sees every time step, or the last one alone. */
  readonly everyStep: boolean;
  readonly learningRate: number;
}

export const workloads: readonly Workload[] = [
  {
    name: "W1",
    kind: "lstm",
    title: "LSTM(1→50) + Linear(50→1) on the last step, T=20, B=980",
    inputSize: 1,
    hiddenSize: 50,
    outputSize: 1,
    seqLen: 20,
    batch: 980,
    everyStep: false,
    learningRate: 0.001,
  },
  ...(["lstm", "gru", "tanh"] as const).map((kind): Workload => {
    const label = kind === "tanh" ? "RNN" : kind.toUpperCase();
    return {
      name: kind === "lstm" ? "W3" : `W3-${label}`,
      title: `${label}(64→256) + Linear(256→64) at every step, T=64, B=32`,
      kind,
      inputSize: 64,
      hiddenSize: 256,
      outputSize: 64,
      seqLen: 64,
      batch: 32,
      everyStep: true,
      learningRate: 0.001,
    };
  }),
];

/** Gates of a unit. */
const GATES = { lstm: 4, gru: 3, tanh: 1 } as const;

/** The same numbers for every contestant. */
export interface Problem {
  readonly workload: Workload;
  /** [B, T, inputSize] */
  readonly x: NDArray;
  /** [B, T, outputSize], or [B, outputSize] where the last step alone counts. */
  readonly y: NDArray;
  /** Initial weights under PyTorch's names, of a module with fields `recurrent` and `fc`. */
  readonly weights: ReadonlyMap<string, NDArray>;
}

export function makeProblem(workload: Workload): Problem {
  const { kind, inputSize: I, hiddenSize: H, outputSize: O, seqLen: T, batch: B, everyStep } = workload;
  const generator = new Generator(0);
  const uniform = (shape: Shape, bound: number): NDArray => {
    const data = new Float32Array(shape.reduce((size, n) => size * n, 1));
    return { shape, data: generator.uniform_(data, -bound, bound) };
  };
  const bound = 1 / Math.sqrt(H); // PyTorch's for both layers
  const rows = GATES[kind] * H;
  const shapes: [string, Shape][] = [
    ["recurrent.weight_ih_l0", [rows, I]],
    ["recurrent.weight_hh_l0", [rows, H]],
    ["recurrent.bias_ih_l0", [rows]],
    ["recurrent.bias_hh_l0", [rows]],
    ["fc.weight", [O, H]],
    ["fc.bias", [O]],
  ];
  return {
    workload,
    x: uniform([B, T, I], 1),
    y: uniform(everyStep ? [B, T, O] : [B, O], 1),
    weights: new Map(shapes.map(([name, shape]) => [name, uniform(shape, bound)])),
  };
}
