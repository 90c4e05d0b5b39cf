/** Changes the rate of sound that comes in pieces. */

/** Half the filter's length, in zero crossings of its sinc. */
const CROSSINGS = 24;

/** Where the filter lets half through, as a share of the lower rate's Nyquist frequency. */
const CUTOFF = 0.92;

/** Each output is the sum of the inputs around its time, weighted by a sinc under a Hann window. */
export class Resampler {
  readonly #from: number;
  readonly #to: number;
  /** Cycles of an input sample up to which frequencies pass. */
  readonly #pass: number;
  /** Inputs on each side of an output. */
  readonly #half: number;
  /** Weights by phase; integer rates have few phases. */
  readonly #weights = new Map<number, Float32Array>();
  /** The inputs from number {@link #first} on. */
  #held = new Float32Array(0);
  #first: number;
  /** The number of the next output. */
  #next = 0;

  /** @param from Samples a second that come; @param to that are wanted: both whole */
  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
    this.#pass = (CUTOFF / 2) * Math.min(1, to / from);
    this.#half = Math.ceil(CROSSINGS / (2 * this.#pass));
    // Silence before the beginning.
    this.#held = new Float32Array(this.#half);
    this.#first = -this.#half;
  }

  /** Takes more sound; gives what can be computed now. */
  push(samples: Float32Array): Float32Array<ArrayBuffer> {
    const held = new Float32Array(this.#held.length + samples.length);
    held.set(this.#held);
    held.set(samples, this.#held.length);
    const end = this.#first + held.length;
    const half = this.#half;
    const out: number[] = [];
    for (; ; this.#next++) {
      const scaled = this.#next * this.#from;
      const before = Math.floor(scaled / this.#to);
      if (before + half >= end) break;
      const weights = this.#weightsAt(scaled % this.#to);
      const begin = before - half + 1 - this.#first;
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * held[begin + k]!;
      out.push(sum);
    }
    const needed = Math.floor((this.#next * this.#from) / this.#to) - half + 1;
    this.#held = held.slice(needed - this.#first);
    this.#first = needed;
    return Float32Array.from(out);
  }

  /** @param phase The time of an output after the input before it, in parts of {@link #to} */
  #weightsAt(phase: number): Float32Array {
    const known = this.#weights.get(phase);
    if (known) return known;
    const half = this.#half;
    const weights = Float32Array.from({ length: 2 * half }, (_, k) => {
      const t = k - half + 1 - phase / this.#to;
      const x = 2 * this.#pass * t;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      return sinc * (Math.abs(t) < half ? 0.5 * (1 + Math.cos((Math.PI * t) / half)) : 0);
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const scaled = weights.map((weight) => weight / sum);
    this.#weights.set(phase, scaled);
    return scaled;
  }
}
