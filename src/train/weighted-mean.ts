import { DataError } from "../errors.ts";
import type { Result } from "../scheduler/result.ts";

/** Losses are read back in groups, well before the program's history of them wraps round. */
const READ_EVERY = 256;

/** Mean of losses that are still on the GPU. */
export class WeightedMean {
  #pending: { readonly loss: Result; readonly weight: number }[] = [];
  #sum = 0;
  #weight = 0;

  async add(loss: Result, weight: number): Promise<void> {
    this.#pending.push({ loss, weight });
    if (this.#pending.length >= READ_EVERY) await this.#collect();
  }

  /** @throws {@link DataError} if there was no loss. */
  async value(): Promise<number> {
    await this.#collect();
    if (this.#weight === 0) throw new DataError("Trainer.evaluate: the loader gave no batch");
    return this.#sum / this.#weight;
  }

  async #collect(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    // The latest first: its read answers for all before it.
    const values = (await Promise.all([...pending].reverse().map(({ loss }) => loss.item()))).reverse();
    for (const [i, { weight }] of pending.entries()) {
      this.#sum += values[i]! * weight;
      this.#weight += weight;
    }
  }
}
