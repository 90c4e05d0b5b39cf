/**
 * Sobol's sequence: points that fill a cube more evenly than random ones. The direction numbers are those of S. Joe and F. Y. Kuo
 * ("Constructing Sobol sequences with better two-dimensional projections", 2008), as in SciPy's `qmc.Sobol`.
 */
import type { RandomState } from "../numpy-random.ts";

const BITS = 30;

/** For each dimension after the first: its polynomial's bits, and the first direction numbers. */
const NUMBERS =
  "3 1,7 1 3,11 1 3 1,13 1 1 1,19 1 1 3 3,25 1 3 5 13,37 1 1 5 5 17,41 1 1 5 5 5,47 1 1 7 11 19,55 1 1 5 1 1,59 1 1 1 3 11,61 1 3 5 5 31," +
  "67 1 3 3 9 7 49,91 1 1 1 15 21 21,97 1 3 1 13 27 49,103 1 1 1 15 7 5,109 1 3 1 15 13 25,115 1 1 5 5 19 61,131 1 3 7 11 23 15 103," +
  "137 1 3 7 13 13 15 69,143 1 1 3 13 7 35 63,145 1 3 5 9 1 25 53,157 1 3 1 13 9 35 107,167 1 3 1 5 27 61 31,171 1 1 5 11 19 41 61," +
  "185 1 3 5 3 3 13 69,191 1 1 7 13 1 19 1,193 1 3 7 5 13 19 59,203 1 1 3 9 25 29 41,211 1 3 5 13 23 1 55,213 1 3 7 3 13 59 17," +
  "229 1 3 1 3 5 53 69,239 1 1 5 5 23 33 13,241 1 1 7 7 1 61 123,247 1 1 7 9 13 61 49,253 1 3 3 5 3 55 33,285 1 3 1 15 31 13 49 245," +
  "299 1 3 5 15 31 59 63 97,301 1 3 1 11 11 11 77 249,333 1 3 1 11 27 43 71 9,351 1 1 7 15 21 11 81 45,355 1 3 7 3 25 31 65 79," +
  "357 1 3 1 1 19 11 3 205,361 1 1 5 9 19 21 29 157,369 1 3 7 11 1 33 89 185,391 1 3 3 3 15 9 79 71,397 1 3 7 11 15 39 119 27," +
  "425 1 1 3 1 11 31 97 225,451 1 1 1 3 23 43 57 177,463 1 3 7 7 17 17 37 71,487 1 3 1 5 27 63 123 213,501 1 1 3 5 11 43 53 133," +
  "529 1 3 5 5 29 17 47 173 479,539 1 3 3 11 3 1 109 9 69,545 1 1 1 5 17 39 23 5 343,557 1 3 1 5 25 15 31 103 499,563 1 1 1 11 11 17 63 105 183," +
  "601 1 1 5 11 9 29 97 231 363,607 1 1 5 15 19 45 41 7 383,617 1 3 7 7 31 19 83 137 221,623 1 1 1 3 23 15 111 223 83,631 1 1 5 13 31 15 55 25 161," +
  "637 1 1 3 13 25 47 39 87 257";

/** Most dimensions that a point can have. */
export const MOST_DIMENSIONS = NUMBERS.split(",").length + 1;

/** The directions of a dimension: `BITS` integers of as many bits, the first bit in front. */
function directionsOf(dimension: number): Uint32Array {
  const directions = Uint32Array.from({ length: BITS }, (_, j) => 2 ** (BITS - 1 - j));
  if (dimension === 0) return directions;
  const [polynomial, ...first] = NUMBERS.split(",")[dimension - 1]!.split(" ").map(Number) as [
    number,
    ...number[],
  ];
  const degree = first.length;
  for (let j = 0; j < BITS; j++) {
    if (j < degree) {
      directions[j] = first[j]! * 2 ** (BITS - 1 - j);
      continue;
    }
    let direction = directions[j - degree]! ^ (directions[j - degree]! >>> degree);
    for (let k = 1; k < degree; k++) if ((polynomial >> (degree - k)) & 1) direction ^= directions[j - k]!;
    directions[j] = direction;
  }
  return directions;
}

export class Sobol {
  readonly #directions: readonly Uint32Array[];
  readonly #shifts: readonly number[];

  /** @param random Scrambles the sequence: mixes the bits of each dimension, and shifts it. By default it is left as it is. */
  constructor(dimensions: number, random?: RandomState) {
    const plain = Array.from({ length: dimensions }, (_, i) => directionsOf(i));
    this.#directions = random ? plain.map((directions) => mixed(directions, random)) : plain;
    this.#shifts = plain.map(() => (random ? random.integer(2 ** BITS - 1) : 0));
  }

  /** Point `index` of the sequence, from 0, in the cube [0, 1)ⁿ. */
  point(index: number): Float64Array {
    const gray = index ^ (index >>> 1);
    return Float64Array.from(this.#directions, (directions, i) => {
      let bits = this.#shifts[i]!;
      for (let j = 0; j < BITS; j++) if ((gray >>> j) & 1) bits ^= directions[j]!;
      return bits / 2 ** BITS;
    });
  }
}

/** Each bit of a direction with a random choice of those before it: Matoušek's linear scramble. */
function mixed(directions: Uint32Array, random: RandomState): Uint32Array {
  // Row i has bit i from the front, and random ones before it.
  const rows = Array.from({ length: BITS }, (_, i) => {
    const own = 2 ** (BITS - 1 - i);
    return own + (i === 0 ? 0 : random.integer(2 ** i - 1) * 2 ** (BITS - i));
  });
  return directions.map((direction) =>
    rows.reduce((bits, row, i) => bits + (parity(direction & row) === 1 ? 2 ** (BITS - 1 - i) : 0), 0),
  );
}

function parity(bits: number): number {
  let odd = 0;
  for (let left = bits; left !== 0; left &= left - 1) odd ^= 1;
  return odd;
}
