import { checkNumber } from "../checks.ts";
import { Twister } from "../twister.ts";

/** Throws an OptionError unless a seed is one of NumPy's `RandomState`. */
export function checkSeed(where: string, seed: unknown): void {
  if (seed === undefined) return;
  checkNumber(where, "seed", seed, "an integer from 0 to 2^32 - 1", (n) => n >= 0 && n >>> 0 === n);
}

/**
 * The draws of NumPy's `RandomState`, which Optuna's samplers use: the same seed gives the same numbers.
 *
 * @see https://numpy.org/doc/stable/reference/random/legacy.html
 */
export class RandomState {
  readonly #twister: Twister;

  /** @param seed By default another one each time. */
  constructor(seed: number = Math.floor(Math.random() * 2 ** 32)) {
    this.#twister = new Twister(seed);
  }

  /** A double in [0, 1) with 53 random bits. */
  double(): number {
    const high = this.#twister.random() >>> 5;
    return (high * 2 ** 26 + (this.#twister.random() >>> 6)) / 2 ** 53;
  }

  /** `count` of them. */
  doubles(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => this.double());
  }

  /** An integer from 0 to `max`: as many bits as that has, drawn until they are small enough. */
  integer(max: number): number {
    if (max === 0) return 0;
    const mask = 2 ** (32 - Math.clz32(max)) - 1;
    for (;;) {
      const value = (this.#twister.random() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /** Brings a list into a random order. */
  shuffle<T>(items: T[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i);
      const item = items[i]!;
      items[i] = items[j]!;
      items[j] = item;
    }
  }

  /** `count` indices, each with the probability that `weights` has there. */
  choices(weights: Float64Array, count: number): Uint32Array {
    const sums = new Float64Array(weights.length);
    let sum = 0;
    for (const [i, weight] of weights.entries()) {
      sum += weight;
      sums[i] = sum;
    }
    return Uint32Array.from({ length: count }, () => {
      const at = this.double();
      let [low, high] = [0, sums.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (at < sums[middle]! / sum) high = middle;
        else low = middle + 1;
      }
      return low;
    });
  }
}
