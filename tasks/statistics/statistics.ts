/** Statistics of a sample of numbers. */

/** The middle of a sample and its spread. A few slow runs of a shared machine move neither much. */
export interface Summary {
  readonly median: number;
  /** First and third quartile. */
  readonly quartiles: readonly [number, number];
  readonly runs: number;
}

/** @throws RangeError for an empty sample */
export function summarize(samples: ArrayLike<number>): Summary {
  return {
    median: median(samples),
    quartiles: [quantile(samples, 0.25), quantile(samples, 0.75)],
    runs: samples.length,
  };
}

/** @throws RangeError for an empty sample */
export function median(samples: ArrayLike<number>): number {
  return quantile(samples, 0.5);
}

/**
 * The quantile `q` (0 to 1) of a sample, by linear interpolation between neighbours: `numpy.quantile` with its default method.
 * @throws RangeError for an empty sample
 */
export function quantile(samples: ArrayLike<number>, q: number): number {
  if (samples.length === 0) throw new RangeError("quantile: no samples");
  const sorted = Float64Array.from(samples).sort();
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1);
}
