import { checkNoMore, checkNumber, checkOptions, show } from "./checks.ts";
import { OptionError } from "./errors.ts";
import { checkShape, type NDArray, type Shape, zerosOf } from "./shape.ts";
import { DEFAULT_SEED, defaultTwister, Twister, WORDS } from "./twister.ts";

/**
 * The random numbers of PyTorch's CPU generator (ATen's `CPUGeneratorImpl`: the 32-bit Mersenne Twister of
 * Matsumoto and Nishimura, 1998). The same seed gives the same initial weights, permutations and data.
 */

/** The state of a {@link Generator}, as plain JSON. */
export interface GeneratorState {
  /** The 624 words of the Mersenne Twister. */
  readonly words: readonly number[];
  /** Words drawn so far, 0 to 624. */
  readonly index: number;
  /** The second half of a Box-Muller pair, which `normal_` returns next, or null. */
  readonly nextNormal: number | null;
}

function checkSeed(where: string, seed: unknown): number {
  const integer = typeof seed === "number" && Number.isSafeInteger(seed) ? BigInt(seed) : seed;
  if (typeof integer !== "bigint" || integer < -(2n ** 63n) || integer >= 2n ** 64n) {
    throw new OptionError(
      `${where}: seed must be an integer from -2^63 to 2^64 - 1 (a bigint beyond ±(2^53 - 1)), got ${show(seed)}`,
    );
  }
  return Number(BigInt.asUintN(32, integer)); // the Mersenne Twister takes the low 32 bits, as PyTorch's does
}

function checkOut(where: string, out: unknown): asserts out is Float32Array {
  if (!(out instanceof Float32Array)) {
    throw new OptionError(`${where}: out must be a Float32Array to fill, got ${show(out)}`);
  }
}

/**
 * A source of random numbers with its own state: `torch.Generator()` on the CPU.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.Generator.html
 */
export class Generator {
  #twister: Twister;
  #nextNormal: number | null = null;

  /**
   * @param seed an integer from -2^63 to 2^64 - 1; by default PyTorch's. Only its low 32 bits count.
   * @throws OptionError if the seed is not such an integer.
   */
  constructor(seed: number | bigint = DEFAULT_SEED, ...more: never[]) {
    checkNoMore("Generator", more);
    this.#twister = new Twister(checkSeed("Generator", seed));
  }

  /** A generator that shares the state of `twister`. @internal */
  static over(twister: Twister): Generator {
    const generator = new Generator();
    generator.#twister = twister;
    return generator;
  }

  /** Restarts from `seed`, as `torch.Generator.manual_seed`. Returns the generator itself. */
  manualSeed(seed: number | bigint): this {
    this.#twister.seed(checkSeed("Generator.manualSeed", seed));
    this.#nextNormal = null;
    return this;
  }

  /** The next 32 random bits, as an integer from 0 to 2^32 - 1. */
  random(): number {
    return this.#twister.random();
  }

  /** The next 64 random bits, from 0 to 2^64 - 1: two draws, the first is the upper half. */
  random64(): bigint {
    const high = BigInt(this.random());
    return (high << 32n) | BigInt(this.random());
  }

  /**
   * An integer from 0 to 2^63 - 1: what `torch.empty((), dtype=torch.int64).random_(generator=g)` draws. PyTorch's
   * `DataLoader` draws one such base seed at the start of every epoch, before the sampler's permutation.
   */
  randomInt64(): bigint {
    return this.random64() & (2n ** 63n - 1n);
  }

  /** A double in [0, 1) with 53 random bits. */
  #uniform53(): number {
    const high = this.random() & 0x1fffff;
    return (high * 2 ** 32 + this.random()) * 2 ** -53;
  }

  /**
   * Fills `out` with uniform float32 values from [from, to), bit for bit as `torch.Tensor.uniform_`
   * on CPUs where PyTorch uses fused multiply-adds (x86 with AVX2; checked against PyTorch 1.13).
   *
   * @throws OptionError unless `from` and `to` are finite float32 values with `from <= to`.
   */
  uniform_(out: Float32Array, from = 0, to = 1): Float32Array {
    const where = "Generator.uniform_";
    checkOut(where, out);
    const low = Math.fround(from);
    const range = Math.fround(Math.fround(to) - low);
    checkNumber(where, "from", low, "a finite float32", () => true);
    checkNumber(
      where,
      "to",
      to,
      `at least from (${from}), with a finite float32 between them`,
      () => range >= 0,
    );
    checkNumber(where, "to - from", range, "a finite float32", () => true);
    return this.#twister.uniform(out, from, to);
  }

  /**
   * Fills `out` with normally distributed float32 values, from the same draws as `torch.Tensor.normal_`.
   *
   * Below 16 elements the values are PyTorch's bit for bit. From 16 on, PyTorch evaluates Box-Muller with its own float32
   * approximations of log, sin and cos, which depend on the CPU and the build; here the functions are rounded from double
   * precision. A third of the values then differ from PyTorch 1.13's (AVX2), by at most 3 units in the last place.
   *
   * @throws OptionError unless `mean` is finite and `std` finite and not negative.
   */
  normal_(out: Float32Array, mean = 0, std = 1): Float32Array {
    const where = "Generator.normal_";
    checkOut(where, out);
    checkNumber(where, "mean", mean, "a finite number", () => true);
    checkNumber(where, "std", std, "a finite number of at least 0", (n) => n >= 0);
    const size = out.length;
    if (size < 16) {
      for (let i = 0; i < size; i++) out[i] = this.#normal() * std + mean;
      return out;
    }
    for (let i = 0; i < size; i++) out[i] = this.#twister.uniform24();
    const m = Math.fround(mean);
    const s = Math.fround(std);
    for (let i = 0; i + 16 <= size; i += 16) boxMuller16(out.subarray(i, i + 16), m, s);
    if (size % 16 !== 0) {
      // PyTorch redraws the last 16, including values that were ready.
      const tail = out.subarray(size - 16);
      for (let i = 0; i < 16; i++) tail[i] = this.#twister.uniform24();
      boxMuller16(tail, m, s);
    }
    return out;
  }

  /** One standard normal double. Box-Muller gives two: the second is kept for the next call, as in PyTorch. */
  #normal(): number {
    if (this.#nextNormal !== null) {
      const value = this.#nextNormal;
      this.#nextNormal = null;
      return value;
    }
    const theta = 2 * Math.PI * this.#uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#uniform53()));
    this.#nextNormal = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  }

  /**
   * A random order of 0 to n - 1, as `torch.randperm(n)` on the CPU.
   *
   * @throws OptionError unless `n` is an integer from 0 to 200,000,000 (beyond, PyTorch draws differently).
   */
  randperm(n: number): Uint32Array {
    checkNumber("Generator.randperm", "n", n, "an integer from 0 to 200000000", (value) => {
      return Number.isInteger(value) && value >= 0 && value <= 2e8;
    });
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < n - 1; i++) {
      const other = i + (this.random() % (n - i));
      const value = order[i]!;
      order[i] = order[other]!;
      order[other] = value;
    }
    return order;
  }

  /** The state, as plain JSON; `setState` continues exactly from it. */
  getState(): GeneratorState {
    const { words, index } = this.#twister;
    return { words: [...words], index, nextNormal: this.#nextNormal };
  }

  /** Continues from a state of `getState`. Throws an OptionError for anything else, without changing the generator. */
  setState(state: GeneratorState): this {
    const { words, index, nextNormal } = (state ?? {}) as Partial<GeneratorState>;
    const isWord = (word: unknown) =>
      Number.isInteger(word) && (word as number) >= 0 && (word as number) < 2 ** 32;
    const good =
      Array.isArray(words) &&
      words.length === WORDS &&
      words.every(isWord) &&
      Number.isInteger(index) &&
      index! >= 0 &&
      index! <= WORDS &&
      (nextNormal === null || Number.isFinite(nextNormal));
    if (!good) {
      throw new OptionError(
        `Generator.setState: state must be what getState() returned ({ words: ${WORDS} uint32, index, nextNormal }), ` +
          `got ${show(state)}`,
      );
    }
    this.#twister.words.set(words);
    this.#twister.index = index!;
    this.#nextNormal = nextNormal as number | null;
    return this;
  }
}

/** Turns 16 uniform values into 16 normal ones: the first 8 give the radii, the last 8 the angles. */
function boxMuller16(block: Float32Array, mean: number, std: number): void {
  const twoPi = Math.fround(2 * Math.PI);
  for (let i = 0; i < 8; i++) {
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * Math.fround(Math.log(1 - block[i]!)))));
    const theta = Math.fround(twoPi * block[i + 8]!);
    block[i] = radius * Math.cos(theta) * std + mean;
    block[i + 8] = radius * Math.sin(theta) * std + mean;
  }
}

/** The generator used when none is given, as PyTorch's default generator. */
export const defaultGenerator: Generator = /* @__PURE__ */ Generator.over(defaultTwister);

/**
 * Seeds {@link defaultGenerator}, as `torch.manual_seed`: models built afterwards get the same weights as in PyTorch with
 * that seed.
 *
 * @throws OptionError unless `seed` is an integer from -2^63 to 2^64 - 1.
 */
export function manualSeed(seed: number | bigint, ...more: never[]): Generator {
  checkNoMore("manualSeed", more);
  defaultGenerator.manualSeed(checkSeed("manualSeed", seed));
  return defaultGenerator;
}

function draw(
  where: string,
  shape: Shape,
  options: { readonly generator?: Generator },
  more: readonly never[],
  fill: (generator: Generator, out: Float32Array) => Float32Array,
): NDArray {
  const sizes = checkShape(where, shape);
  checkOptions(where, options, ["generator"], more);
  const { generator = defaultGenerator } = options;
  if (!(generator instanceof Generator)) {
    throw new OptionError(`${where}: generator must be a Generator, got ${show(generator)}`);
  }
  return { data: fill(generator, zerosOf(where, sizes)), shape: sizes };
}

/** An array of uniform values in [0, 1), as `torch.rand(shape)`. */
export function rand(
  shape: Shape,
  options: { readonly generator?: Generator } = {},
  ...more: never[]
): NDArray {
  return draw("rand", shape, options, more, (generator, out) => generator.uniform_(out));
}

/** An array of standard normal values, as `torch.randn(shape)`; see {@link Generator.normal_}. */
export function randn(
  shape: Shape,
  options: { readonly generator?: Generator } = {},
  ...more: never[]
): NDArray {
  return draw("randn", shape, options, more, (generator, out) => generator.normal_(out));
}
