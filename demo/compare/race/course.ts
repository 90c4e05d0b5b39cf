/** What is learned in a race: the workload's model with its usual start weights, and batches in a fixed order that can be learned. */
import { Generator, type NDArray } from "webgpu-lstm";
import { makeProblem, type Problem, type Workload } from "../../../tasks/workloads/workload.ts";

interface Batch {
  readonly x: NDArray;
  readonly y: NDArray;
}

const LEARNING_RATE = 0.005;

/** The points of the sine tutorial: sin(linspace(0, 100, 1000)). */
const POINTS = 1000;

/** The echo is a symbol of so many steps before. */
const DELAY = 3;
const ECHO_BATCHES = 8;

/** For a forecast the sine tutorial's windows, shuffled; for symbols an echo: the symbol of three steps before. */
export function makeCourse(workload: Workload): Problem {
  const { weights } = makeProblem(workload);
  const batches = workload.loss === "mse" ? sineBatches(workload) : echoBatches(workload);
  const [first, ...more] = batches;
  return {
    workload: { ...workload, learningRate: LEARNING_RATE },
    ...first!,
    more,
    oneBias: true,
    weights,
  };
}

function sineBatches({ seqLen: T, batch: B }: Workload): Batch[] {
  const wave = Float32Array.from({ length: POINTS }, (_, i) => Math.sin((i * 100) / (POINTS - 1)));
  const origins = shuffled(POINTS - T);
  return Array.from({ length: Math.floor(origins.length / B) }, (_, batch) => {
    const x = new Float32Array(B * T);
    const y = new Float32Array(B);
    for (let row = 0; row < B; row++) {
      const from = origins[batch * B + row]!;
      x.set(wave.subarray(from, from + T), row * T);
      y[row] = wave[from + T]!;
    }
    return { x: { shape: [B, T, 1], data: x }, y: { shape: [B, 1], data: y } };
  });
}

/** Symbols, one-hot, and for each step the symbol of some steps before; the first ones have symbol 0 before them. */
function echoBatches({ seqLen: T, batch: B, inputSize: symbols }: Workload): Batch[] {
  const generator = new Generator(1);
  return Array.from({ length: ECHO_BATCHES }, () => {
    const drawn = generator.uniform_(new Float32Array(B * T), 0, symbols).map(Math.floor);
    const x = new Float32Array(B * T * symbols);
    const y = new Float32Array(B * T);
    for (const [i, symbol] of drawn.entries()) {
      x[i * symbols + Math.min(symbol, symbols - 1)] = 1;
      y[i] = i % T < DELAY ? 0 : Math.min(drawn[i - DELAY]!, symbols - 1);
    }
    return { x: { shape: [B, T, symbols], data: x }, y: { shape: [B, T], data: y } };
  });
}

/** 0 to n - 1, in an order that is always the same. */
function shuffled(n: number): number[] {
  const keys = new Generator(0).uniform_(new Float32Array(n), 0, 1);
  return Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]!);
}
