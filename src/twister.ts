/** State words of the Mersenne Twister, and the offset of the word that each is mixed with. */
export const WORDS = 624;
const OFFSET = 397;

/** PyTorch's default seed. */
export const DEFAULT_SEED = 67280421310721;

/**
 * The 32-bit Mersenne Twister of Matsumoto and Nishimura (1998), as in PyTorch's CPU generator. It is all that models need to draw their
 * weights: a bundle without the public `Generator` does without that class's other methods.
 */
export class Twister {
  readonly words = new Uint32Array(WORDS);
  /** Words drawn so far. */
  index = WORDS;

  /** @param seed Its low 32 bits count. */
  constructor(seed: number) {
    this.seed(seed);
  }

  /** Restarts from `seed`. */
  seed(seed: number): void {
    const { words } = this;
    words[0] = seed;
    for (let i = 1; i < WORDS; i++) {
      const previous = words[i - 1]!;
      words[i] = Math.imul(previous ^ (previous >>> 30), 1812433253) + i;
    }
    this.index = WORDS;
  }

  /** Mixes all words, once they are used up. */
  #refill(): void {
    const { words } = this;
    for (let i = 0; i < WORDS; i++) {
      const y = (words[i]! & 0x80000000) | (words[(i + 1) % WORDS]! & 0x7fffffff);
      words[i] = words[(i + OFFSET) % WORDS]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.index = 0;
  }

  /** The next 32 random bits, as an integer from 0 to 2^32 - 1. */
  random(): number {
    if (this.index === WORDS) this.#refill();
    let y = this.words[this.index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** A float32 in [0, 1) with 24 random bits. */
  uniform24(): number {
    return (this.random() & 0xffffff) * 2 ** -24;
  }

  /** Fills `out` with uniform float32 values from [from, to); see `Generator.uniform_`. */
  uniform(out: Float32Array, from: number, to: number): Float32Array {
    const low = Math.fround(from);
    const range = Math.fround(Math.fround(to) - low);
    // A fused multiply-add: one rounding, to float32, at the end. The product is exact in a double. So is the sum,
    // unless the range is under 1/32 of its ends; then about one value in 2^29 may round the other way.
    for (let i = 0; i < out.length; i++) out[i] = this.uniform24() * range + low;
    return out;
  }
}

/** What `defaultGenerator` draws from. */
export const defaultTwister = /* @__PURE__ */ new Twister(DEFAULT_SEED);
