/**
 * Finds anomalies: values whose distance from their prediction is large compared with normal data, and values that are a little off for
 * many steps (see cusum.ts).
 */
import { median } from "../../../tasks/statistics/statistics.ts";
import { Cusum, farthestSum, slackFor } from "./cusum.ts";

/** The distribution of the residuals (value - prediction) on normal data. */
export interface Normal {
  /** The median. */
  readonly center: number;
  /** A robust standard deviation: 1.4826 times the median absolute deviation, which is exact for a Gaussian. */
  readonly sigma: number;
  /** The largest distance of a residual from the median, in sigmas. */
  readonly farthest: number;
  /** The largest sum of residuals by CUSUM, in sigmas. */
  readonly farthestSum: number;
  readonly count: number;
}

const GAUSSIAN = 1.4826;

/**
 * @param residuals The residuals on normal data: of every recording at one step, then of the next step
 * @param recordings The number of recordings
 */
export function normalOf(residuals: ArrayLike<number>, recordings = 1): Normal {
  if (residuals.length === 0) throw new RangeError("normalOf: no residuals");
  const center = median(residuals);
  const distances = Float64Array.from(residuals, (residual) => Math.abs(residual - center));
  const farthest = distances.reduce((most, distance) => Math.max(most, distance), 0);
  const deviation = median(distances);
  // The median deviation of a mostly constant signal is zero; its mean deviation is not.
  const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
  const sigma = deviation > 0 ? GAUSSIAN * deviation : Math.max(mean, Number.MIN_VALUE);
  const inSigmas = Float64Array.from(residuals, (residual) => (residual - center) / sigma);
  return {
    center,
    sigma,
    farthest: farthest / sigma,
    farthestSum: farthestSum(inSigmas, recordings),
    count: residuals.length,
  };
}

/** A sum of residuals is an anomaly from this many times the threshold of a single one. */
export const SUM_FACTOR = 2;

/** Maximum threshold in sigmas. */
const MOST_FACTOR = 20;

/** A threshold in sigmas: six, or one that lies beyond all residuals on normal data by a tenth, and beyond their sums by half. */
export function factorFor({ farthest, farthestSum }: Normal): number {
  return Math.min(
    MOST_FACTOR,
    Math.max(6, Math.ceil(1.1 * farthest), Math.ceil((1.5 * farthestSum) / SUM_FACTOR)),
  );
}

/** How an anomaly was found: by one residual, or by a sum of many. */
export type Method = "value" | "sum";

/** A part of one stream whose values are too far from their predictions. */
export interface Anomaly {
  readonly stream: number;
  /** The first and the last step beyond the threshold. */
  readonly from: number;
  readonly to: number;
  /** What found it first. */
  readonly by: Method;
  /** The largest residual beyond the threshold in sigmas, with its sign; the largest sum if there is none. */
  readonly size: number;
  /** Steps that {@link size} sums up; one for a residual. */
  readonly steps: number;
  /** The value of that step, and its prediction. */
  readonly value: number;
  readonly predicted: number;
}

/** Maximum steps between two values of the same anomaly, since the state needs time to recover. */
const QUIET = 48;

export class AnomalyDetector {
  readonly normal: Normal;
  /** The threshold in sigmas. A change applies from the next step on. */
  factor: number;
  /** The only stream that is checked; undefined for all streams. */
  only: number | undefined;
  readonly #warmUp: number;
  /** All anomalies, the earliest first. */
  readonly anomalies: Anomaly[] = [];
  /** How often {@link anomalies} have changed. */
  changes = 0;
  /** The index in {@link anomalies} of each stream's latest one. */
  readonly #latest = new Map<number, number>();
  readonly #sums = new Map<number, Cusum>();
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
    this.#sums.clear();
  }

  /** Checks one step of all streams, and returns the streams with an anomaly. Steps must come in order. */
  judge(step: number, values: Float32Array, predicted: Float32Array): number[] {
    if (this.#toSkip > 0) {
      this.#toSkip--;
      return [];
    }
    const beyond: number[] = [];
    for (const [stream, value] of values.entries()) {
      if (this.only !== undefined && stream !== this.only) continue;
      const found = this.#check(stream, value - predicted[stream]!);
      if (!found) continue;
      beyond.push(stream);
      this.#note({ stream, from: step, to: step, ...found, value, predicted: predicted[stream]! });
    }
    return beyond;
  }

  #check(stream: number, difference: number): Pick<Anomaly, "by" | "size" | "steps"> | undefined {
    const { center, sigma, count } = this.normal;
    const residual = (difference - center) / sigma;
    const sum = this.#sums.get(stream) ?? new Cusum(slackFor(count));
    this.#sums.set(stream, sum);
    sum.add(residual);
    const { size, steps } = sum;
    // NaN is beyond any threshold.
    const far = !(Math.abs(residual) <= this.factor);
    if (!far && Math.abs(size) <= SUM_FACTOR * this.factor) return undefined;
    // What was found is not found again in the same sum.
    sum.reset();
    return far ? { by: "value", size: residual, steps: 1 } : { by: "sum", size, steps };
  }

  #note(found: Anomaly): void {
    this.changes++;
    const index = this.#latest.get(found.stream);
    const before = index === undefined ? undefined : this.anomalies[index]!;
    if (!before || found.from - before.to > QUIET) {
      this.#latest.set(found.stream, this.anomalies.push(found) - 1);
      return;
    }
    // A residual beyond the threshold says more than a sum.
    const single = ({ steps }: Anomaly) => steps === 1;
    const more =
      single(found) === single(before) ? Math.abs(found.size) > Math.abs(before.size) : single(found);
    this.anomalies[index!] = { ...(more ? found : before), by: before.by, from: before.from, to: found.to };
  }
}
