/** Reverse-mode differentiation of scalars. Every result is rounded to float32, so that numbers overflow and saturate as on a GPU. */

const LEAF = 0;
const ADD = 1;
const SUB = 2;
const MUL = 3;
const TANH = 4;
const SIGMOID = 5;
const RELU = 6;
const RSQRT = 7;

/** A number on a {@link Tape}. */
export type Scalar = number & { readonly isScalar: true };

/** Operations on numbers, in the order in which they were done. */
export class Tape {
  readonly #kinds: number[] = [];
  readonly #first: number[] = [];
  readonly #second: number[] = [];
  readonly #values: number[] = [];

  leaf(value: number): Scalar {
    return this.#push(LEAF, value, 0, 0);
  }

  leaves(values: ArrayLike<number>): Scalar[] {
    return Array.from(values, (value) => this.leaf(value));
  }

  add(a: Scalar, b: Scalar): Scalar {
    return this.#push(ADD, this.value(a) + this.value(b), a, b);
  }

  sub(a: Scalar, b: Scalar): Scalar {
    return this.#push(SUB, this.value(a) - this.value(b), a, b);
  }

  mul(a: Scalar, b: Scalar): Scalar {
    return this.#push(MUL, this.value(a) * this.value(b), a, b);
  }

  tanh(a: Scalar): Scalar {
    return this.#push(TANH, Math.tanh(this.value(a)), a, a);
  }

  sigmoid(a: Scalar): Scalar {
    return this.#push(SIGMOID, 1 / (1 + Math.exp(-this.value(a))), a, a);
  }

  relu(a: Scalar): Scalar {
    return this.#push(RELU, Math.max(this.value(a), 0), a, a);
  }

  /** 1/√a */
  rsqrt(a: Scalar): Scalar {
    return this.#push(RSQRT, 1 / Math.sqrt(this.value(a)), a, a);
  }

  /** The sum of the products of two lists. */
  dot(a: readonly Scalar[], b: readonly Scalar[], start?: Scalar): Scalar {
    let sum = start;
    for (const [i, value] of a.entries()) {
      const product = this.mul(value, b[i]!);
      sum = sum === undefined ? product : this.add(sum, product);
    }
    return sum!;
  }

  value(scalar: Scalar): number {
    return this.#values[scalar]!;
  }

  /** The derivatives of `of` by all numbers on the tape; also those that are 0 take part, as in products of matrices. */
  derivatives(of: Scalar): (scalar: Scalar) => number {
    const by = new Float32Array(this.#values.length);
    by[of] = 1;
    for (let at = of as number; at >= 0; at--) {
      const [a, b] = [this.#first[at]!, this.#second[at]!];
      const [grad, value] = [by[at]!, this.#values[at]!];
      switch (this.#kinds[at]) {
        case ADD:
          by[a]! += grad;
          by[b]! += grad;
          break;
        case SUB:
          by[a]! += grad;
          by[b]! -= grad;
          break;
        case MUL:
          by[a]! += grad * this.#values[b]!;
          by[b]! += grad * this.#values[a]!;
          break;
        case TANH:
          by[a]! += grad * Math.fround(1 - value * value);
          break;
        case SIGMOID:
          by[a]! += Math.fround(grad * value) * Math.fround(1 - value);
          break;
        case RELU:
          // As PyTorch: a NaN passes gradients on.
          if (!(value <= 0)) by[a]! += grad;
          break;
        case RSQRT:
          by[a]! += grad * Math.fround(-0.5 * value * value * value);
          break;
      }
    }
    return (scalar) => by[scalar]!;
  }

  #push(kind: number, value: number, a: number, b: number): Scalar {
    this.#kinds.push(kind);
    this.#first.push(a);
    this.#second.push(b);
    return (this.#values.push(Math.fround(value)) - 1) as Scalar;
  }
}
