import { crossEntropyMean } from "../tasks/reference/cross-entropy.ts";
import { CELLS, mse, recurrentForward } from "../tasks/reference/recurrent.ts";
import type { Problem } from "../tasks/workloads/workload.ts";

/**
 * Maximum error of a float32 result: relative for a loss, which has a few roundings of a long sum; absolute for an element of a
 * hidden state, which lies in ±1.
 */
const TOLERANCE = 1e-5;

/** Sequences of a batch whose hidden states are compared; more would take too long, since the reference is slow. */
const ROWS = 4;

/**
 * The result of the first step in float64, which every contestant must match before it is timed: a loss, or the final hidden
 * states [rows, H] of the batch's first rows.
 */
export function referenceResult({ workload, x, y, weights }: Problem): Float64Array {
  const { kind, inputSize, hiddenSize: H, numLayers, outputSize: O, seqLen: T, everyStep } = workload;
  const B = O > 0 ? workload.batch : Math.min(workload.batch, ROWS);
  const wide = (name: string) => Float64Array.from(weights.get(name)!.data);
  const parameters = new Map(
    [...weights.keys()]
      .filter((name) => name.startsWith("recurrent."))
      .map((name) => [name.slice("recurrent.".length), wide(name)]),
  );
  const timeFirst = swapBatchAndTime(x.data, B, T, inputSize);
  const sizes = { cell: CELLS[kind], inputSize, hiddenSize: H, numLayers, seqLen: T, batch: B };
  const { output } = recurrentForward(sizes, parameters, timeFirst); // [T, B, H]
  const hidden = everyStep ? output : output.subarray((T - 1) * B * H);
  if (O === 0) return hidden;

  const [weight, bias] = [wide("fc.weight"), wide("fc.bias")];
  const rows = hidden.length / H;
  const prediction = new Float64Array(rows * O);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < O; o++) {
      let sum = bias[o]!;
      for (let k = 0; k < H; k++) sum += weight[o * H + k]! * hidden[row * H + k]!;
      prediction[row * O + o] = sum;
    }
  }
  if (workload.loss === "cross-entropy") {
    const target = [...(everyStep ? swapBatchAndTime(y.data, B, T, 1) : y.data)];
    const weight = new Array<number>(O).fill(1);
    const loss = { logits: prediction, target, weight, ignoreIndex: -100, labelSmoothing: 0 };
    return Float64Array.of(crossEntropyMean(loss));
  }
  const target = everyStep ? swapBatchAndTime(y.data, B, T, O) : Float64Array.from(y.data);
  return Float64Array.of(mse(prediction, target));
}

/** Throws if a contestant's first result differs from the reference; a wrong contestant is not timed. */
export function checkResult(
  who: string,
  result: Float32Array,
  expected: Float64Array,
  tolerance = TOLERANCE,
): void {
  if (expected.length === 1) {
    const error = Math.abs(result[0]! - expected[0]!) / expected[0]!;
    if (result.length === 1 && error <= tolerance) return;
    throw new Error(
      `${who}: the first loss must be ${expected[0]} within a relative ${tolerance}, got ${result[0]} ` +
        `(off by ${error.toExponential(1)}); not timed`,
    );
  }
  if (result.length < expected.length)
    throw new Error(`${who}: expected ${expected.length} hidden values or more, got ${result.length}`);
  let worst = 0;
  // Math.max keeps a NaN.
  for (const [i, value] of expected.entries()) worst = Math.max(worst, Math.abs(result[i]! - value));
  if (worst <= tolerance) return;
  throw new Error(
    `${who}: hidden states must be the reference's within ${tolerance}, off by ${worst.toExponential(1)}; not timed`,
  );
}

/** [B, T, F] to [T, B, F], for the first B rows. */
function swapBatchAndTime(data: Float32Array, B: number, T: number, F: number): Float64Array {
  const swapped = new Float64Array(B * T * F);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      swapped.set(data.subarray((b * T + t) * F, (b * T + t + 1) * F), (t * B + b) * F);
    }
  }
  return swapped;
}
