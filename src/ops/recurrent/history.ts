import { roundUp } from "../../shape.ts";

/**
 * The layout of a state's history, in elements: one block for each time step, and one for the initial state, next to the first
 * step in processing order. Step 0 begins at a multiple of 64 elements, so that the sequence output can be bound as a view.
 */
export class History {
  readonly elements: number;
  readonly #lead: number;
  readonly #block: number;
  /** Whether only two blocks exist, which the steps use in turn. */
  readonly isRing: boolean;

  /**
   * @param block Elements of one state: batch × width.
   * @param ring Whether to keep only the current state and the one before.
   */
  constructor(T: number, block: number, reverse: boolean, ring = false) {
    this.#block = block;
    this.#lead = reverse ? 0 : roundUp(block, 64);
    this.elements = ring ? 2 * block : this.#lead + (reverse ? T + 1 : T) * block;
    this.isRing = ring;
  }

  /** The block of step t; the initial state is step -1, or T in the reverse direction. */
  at(t: number): number {
    return this.isRing ? ((t + 2) % 2) * this.#block : this.#lead + t * this.#block;
  }
}
