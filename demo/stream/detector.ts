/** Tells anomalies from what is normal: by how far values lie from their predictions, measured in what is usual on normal data. */
import { median } from "../../tasks/statistics/statistics.ts";

/** How residuals (value - prediction) lie on normal data. */
export interface Normal {
  /** Their median. */
  readonly center: number;
  /** A robust standard deviation: 1.4826 times the median absolute deviation from the median, a Gaussian's own standard deviation. */
  readonly sigma: number;
  /** How far the farthest of them lies from the median, in sigmas. */
  readonly farthest: number;
  readonly count: number;
}

const GAUSSIAN = 1.4826;

/** @param residuals Of normal data; their order does not matter. */
export function normalOf(residuals: ArrayLike<number>): Normal {
  if (residuals.length === 0) throw new RangeError("normalOf: no residuals");
  const center = median(residuals);
  const distances = Float64Array.from(residuals, (residual) => Math.abs(residual - center));
  const farthest = distances.reduce((most, distance) => Math.max(most, distance), 0);
  const deviation = median(distances);
  // A signal that mostly stands still has a median deviation of zero; its mean one still says something.
  const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
  const sigma = deviation > 0 ? GAUSSIAN * deviation : Math.max(mean, Number.MIN_VALUE);
  return { center, sigma, farthest: farthest / sigma, count: residuals.length };
}

/** A stretch of one stream in which values lay too far from their predictions. */
export interface Anomaly {
  readonly stream: number;
  /** First and last step beyond the threshold. */
  readonly from: number;
  readonly to: number;
  /** The farthest residual, in sigmas, with its sign. */
  readonly size: number;
  /** The value there, and what was predicted. */
  readonly value: number;
  readonly predicted: number;
}

/** A value beyond the threshold this few steps after the one before belongs to the same anomaly: the state takes time to recover. */
const QUIET = 24;

export class AnomalyDetector {
  readonly normal: Normal;
  /** The threshold, in sigmas. It can be changed at any time and holds from the next step on. */
  factor: number;
  /** The one stream that is judged; undefined for all. */
  only: number | undefined;
  readonly #warmUp: number;
  /** Every anomaly found, the earliest first. */
  readonly anomalies: Anomaly[] = [];
  /** Where in {@link anomalies} each stream's latest one is. */
  readonly #latest = new Map<number, number>();
  #toSkip: number;

  /** @param warmUp Steps after a beginning that are not judged. */
  constructor(normal: Normal, factor: number, warmUp: number) {
    this.normal = normal;
    this.factor = factor;
    this.#warmUp = warmUp;
    this.#toSkip = warmUp;
  }

  /** Residuals within this distance of the median are normal. */
  get threshold(): number {
    return this.factor * this.normal.sigma;
  }

  /** The streams begin anew. */
  reset(): void {
    this.#toSkip = this.#warmUp;
    this.#latest.clear();
  }

  /** Judges one step of all streams; says which of them are beyond the threshold. Steps must come in order. */
  judge(step: number, values: Float32Array, predicted: Float32Array): number[] {
    if (this.#toSkip > 0) {
      this.#toSkip--;
      return [];
    }
    const { center, sigma } = this.normal;
    const beyond: number[] = [];
    for (const [stream, value] of values.entries()) {
      if (this.only !== undefined && stream !== this.only) continue;
      const size = (value - predicted[stream]! - center) / sigma;
      if (Math.abs(size) <= this.factor) continue;
      beyond.push(stream);
      this.#note({ stream, from: step, to: step, size, value, predicted: predicted[stream]! });
    }
    return beyond;
  }

  #note(found: Anomaly): void {
    const index = this.#latest.get(found.stream);
    const before = index === undefined ? undefined : this.anomalies[index]!;
    if (!before || found.from - before.to > QUIET) {
      this.#latest.set(found.stream, this.anomalies.push(found) - 1);
      return;
    }
    const larger = Math.abs(found.size) > Math.abs(before.size) ? found : before;
    this.anomalies[index!] = { ...larger, from: before.from, to: found.to };
  }
}
