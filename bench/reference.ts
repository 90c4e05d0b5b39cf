import { mse, recurrentForward } from "../test/reference/recurrent.ts";
import type { Problem } from "./workload.ts";

/** How far a float32 loss may be from the float64 one, relatively: a few roundings of a long sum. */
const TOLERANCE = 1e-5;

/** The loss of the first step, in float64: what every contestant has to find before it is timed. */
export function referenceLoss({ workload, x, y, weights }: Problem): number {
  const { kind, inputSize, hiddenSize: H, outputSize: O, seqLen: T, batch: B, everyStep } = workload;
  const wide = (name: string) => Float64Array.from(weights.get(name)!.data);
  const parameters = new Map(
    [...weights.keys()]
      .filter((name) => name.startsWith("recurrent."))
      .map((name) => [name.slice("recurrent.".length), wide(name)]),
  );
  const timeFirst = swapBatchAndTime(x.data, B, T, inputSize);
  const sizes = { kind, inputSize, hiddenSize: H, numLayers: 1, seqLen: T, batch: B } as const;
  const { output } = recurrentForward(sizes, parameters, timeFirst); // [T, B, H]

  const [weight, bias] = [wide("fc.weight"), wide("fc.bias")];
  const hidden = everyStep ? output : output.subarray((T - 1) * B * H);
  const rows = hidden.length / H;
  const prediction = new Float64Array(rows * O);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < O; o++) {
      let sum = bias[o]!;
      for (let k = 0; k < H; k++) sum += weight[o * H + k]! * hidden[row * H + k]!;
      prediction[row * O + o] = sum;
    }
  }
  const target = everyStep ? swapBatchAndTime(y.data, B, T, O) : Float64Array.from(y.data);
  return mse(prediction, target);
}

/** Throws if a contestant's first loss is not the reference's: a wrong result has no time. */
export function checkLoss(who: string, loss: number, expected: number): void {
  const error = Math.abs(loss - expected) / expected;
  if (error <= TOLERANCE) return;
  throw new Error(
    `${who}: the first loss must be ${expected} within a relative ${TOLERANCE}, got ${loss} (off by ${error.toExponential(1)}); ` +
      "not timed",
  );
}

/** [B, T, F] to [T, B, F]. */
function swapBatchAndTime(data: Float32Array, B: number, T: number, F: number): Float64Array {
  const swapped = new Float64Array(data.length);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      swapped.set(data.subarray((b * T + t) * F, (b * T + t + 1) * F), (t * B + b) * F);
    }
  }
  return swapped;
}
