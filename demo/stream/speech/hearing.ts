/** What has been heard: the shape of the sound, and the probability of speech of each chunk. */
import { SECONDS } from "../../../tasks/speech/segments.ts";

export class Hearing {
  /** The chunks' probabilities, the least and the greatest sample of each. */
  readonly probabilities: number[] = [];
  readonly low: number[] = [];
  readonly high: number[] = [];
  /** Chunks heard. */
  count = 0;
  readonly #kept: number;

  /** @param seconds What is older is forgotten */
  constructor(seconds: number) {
    this.#kept = Math.ceil(seconds / SECONDS);
  }

  /** The number of the first chunk that is kept. */
  get first(): number {
    return this.count - this.probabilities.length;
  }

  add(chunk: Float32Array, probability: number): void {
    this.count++;
    this.probabilities.push(probability);
    this.low.push(chunk.reduce((least, value) => Math.min(least, value), 0));
    this.high.push(chunk.reduce((most, value) => Math.max(most, value), 0));
    if (this.probabilities.length <= this.#kept) return;
    for (const list of [this.probabilities, this.low, this.high]) list.shift();
  }
}
