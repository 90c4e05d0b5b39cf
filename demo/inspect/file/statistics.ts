/** Simple statistics of a tensor's values. */
import type { Breather } from "../breather.ts";

export interface Statistics {
  /** The least finite value; NaN if there is none. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Standard deviation of the finite values, without Bessel's correction. */
  readonly std: number;
  /** The share of values that are exactly 0. */
  readonly zeros: number;
  /** The number of NaN and of infinite values. */
  readonly nan: number;
  readonly infinite: number;
  /** The number of finite values in each of {@link BINS} equal parts from min to max. */
  readonly histogram: readonly number[];
}

/** Bars of a histogram. */
export const BINS = 24;

/** Values between two pauses. */
const CHUNK = 1 << 18;

/** @param breather Pauses the work, so that a large tensor does not freeze the page */
export async function statisticsOf(data: Float32Array, breather: Breather): Promise<Statistics> {
  let [min, max, sum, zeros, nan, infinite] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    0,
    0,
    0,
  ];
  await inChunks(data, breather, (value) => {
    if (!Number.isFinite(value)) {
      if (Number.isNaN(value)) nan++;
      else infinite++;
      return;
    }
    if (value < min) min = value;
    if (value > max) max = value;
    if (value === 0) zeros++;
    sum += value;
  });
  const count = data.length - nan - infinite;
  const mean = sum / count;
  const histogram = new Array<number>(BINS).fill(0);
  // Equal values give one bar in the middle.
  const scale = max > min ? BINS / (max - min) : 0;
  let squares = 0;
  await inChunks(data, breather, (value) => {
    if (!Number.isFinite(value)) return;
    squares += (value - mean) ** 2;
    const bin = scale === 0 ? BINS >> 1 : Math.min(BINS - 1, Math.floor((value - min) * scale));
    histogram[bin]!++;
  });
  const none = count === 0;
  return {
    min: none ? Number.NaN : min,
    max: none ? Number.NaN : max,
    mean,
    std: Math.sqrt(squares / count),
    zeros: data.length === 0 ? Number.NaN : zeros / data.length,
    nan,
    infinite,
    histogram,
  };
}

async function inChunks(data: Float32Array, breather: Breather, visit: (value: number) => void) {
  for (let begin = 0; begin < data.length; begin += CHUNK) {
    await breather.breathe();
    const end = Math.min(data.length, begin + CHUNK);
    for (let i = begin; i < end; i++) visit(data[i]!);
  }
}
