/** Numerical ranges as intervals that are drawn from uniformly: Optuna's `_SearchSpaceTransform`. */
import type { CategoricalDistribution, Distribution } from "../distributions.ts";
import { roundHalfEven } from "../tpe/parzen.ts";

type Numerical = Exclude<Distribution, CategoricalDistribution>;

/** The interval of a range: on the logarithm's scale if it has one, with half a step around each value. */
export function intervalOf({ type, low, high, log, step }: Numerical): readonly [number, number] {
  const half = (step ?? 0) / 2;
  if (log) {
    // An integer's interval is around its value, before the logarithm.
    const margin = type === "int" ? half : 0;
    return [Math.log(low - margin), Math.log(high + margin)];
  }
  return [low - half, high + half];
}

/** The value of a range at a point of its interval. */
export function valueAt(range: Numerical, at: number): number {
  const { type, low, high, log, step } = range;
  if (type === "int") {
    const value = log ? roundHalfEven(Math.exp(at)) : Math.floor((at - low) / step + 0.5) * step + low;
    return Math.min(Math.max(value, low), high);
  }
  if (low === high) return log ? Math.exp(at) : at;
  if (step !== null) return Math.min(Math.max(roundHalfEven((at - low) / step) * step + low, low), high);
  const value = log ? Math.max(Math.exp(at), low) : at;
  return Math.min(value, nextBelow(high));
}

/** The largest double below `x`. */
function nextBelow(x: number): number {
  if (x === 0) return -Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(x).buffer);
  bits[0]! += x > 0 ? -1n : 1n;
  return new Float64Array(bits.buffer)[0]!;
}
