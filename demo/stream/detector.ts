/** Finds anomalies: values whose distance from their prediction is large compared with normal data. */
import { median } from "../../tasks/statistics/statistics.ts";

/** The distribution of the residuals (value - prediction) on normal data. */
export interface Normal {
  /** The median. */
  readonly center: number;
  /** A robust standard deviation: 1.4826 times the median absolute deviation, which is exact for a Gaussian. */
  readonly sigma: number;
  /** The largest distance of a residual from the median, in sigmas. */
  readonly farthest: number;
  readonly count: number;
}

const GAUSSIAN = 1.4826;

/** @param residuals The residuals on normal data, in any order. */
export function normalOf(residuals: ArrayLike<number>): Normal {
  if (residuals.length === 0) throw new RangeError("normalOf: no residuals");
  const center = median(residuals);
  const distances = Float64Array.from(residuals, (residual) => Math.abs(residual - center));
  const farthest = distances.reduce((most, distance) => Math.max(most, distance), 0);
  const deviation = median(distances);
  // The median deviation of a mostly constant signal is zero; its mean deviation is not.
  const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
  const sigma = deviation > 0 ? GAUSSIAN * deviation : Math.max(mean, Number.MIN_VALUE);
  return { center, sigma, farthest: farthest / sigma, count: residuals.length };
}

/** A part of one stream whose values are too far from their predictions. */
export interface Anomaly {
  readonly stream: number;
  /** The first and the last step beyond the threshold. */
  readonly from: number;
  readonly to: number;
  /** The largest residual in sigmas, with its sign. */
  readonly size: number;
  /** The value of that step, and its prediction. */
  readonly value: number;
  readonly predicted: number;
}

/** Maximum steps between two values of the same anomaly, since the state needs time to recover. */
const QUIET = 24;

export class AnomalyDetector {
  readonly normal: Normal;
  /** The threshold in sigmas. A change applies from the next step on. */
  factor: number;
  /** The only stream that is checked; undefined for all streams. */
  only: number | undefined;
  readonly #warmUp: number;
  /** All anomalies, the earliest first. */
  readonly anomalies: Anomaly[] = [];
  /** The index in {@link anomalies} of each stream's latest one. */
  readonly #latest = new Map<number, number>();
  #toSkip: number;

  /** @param warmUp Steps after a start that are not checked. */
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

  /** Restarts all streams. */
  reset(): void {
    this.#toSkip = this.#warmUp;
    this.#latest.clear();
  }

  /** Checks one step of all streams, and returns the streams beyond the threshold. Steps must come in order. */
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
