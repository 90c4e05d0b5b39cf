/**
 * CUSUM (Page, 1954) finds small shifts that last, such as a drift, which no single residual shows. It sums up how far residuals lie above
 * zero, and how far below, each less a slack; a sum below zero restarts at zero.
 */

/** What is taken off every residual, in sigmas: half of the shift that is found soonest. */
export const SLACK = 0.5;

/** How much the slack grows where little normal data was seen. */
const DOUBT = 6;

/**
 * The slack after so many residuals on normal data, in sigmas. Few of them leave their center and spread in doubt, by about 1 / √count, and
 * the model has learned from as little: what a sum finds in new normal data is then mostly that.
 */
export function slackFor(count: number): number {
  return SLACK + DOUBT / Math.sqrt(count);
}

/** One of the two sums. */
interface Sum {
  size: number;
  /** Steps since it was zero. */
  steps: number;
}

export class Cusum {
  readonly #slack: number;
  readonly #above: Sum = { size: 0, steps: 0 };
  readonly #below: Sum = { size: 0, steps: 0 };

  /** @param slack Taken off every residual, in sigmas */
  constructor(slack = SLACK) {
    this.#slack = slack;
  }

  /** Adds a residual, in sigmas. */
  add(residual: number): void {
    grow(this.#above, residual - this.#slack);
    grow(this.#below, -residual - this.#slack);
  }

  /** The larger of both sums in sigmas: negative for values below their predictions. */
  get size(): number {
    return this.#above.size >= this.#below.size ? this.#above.size : -this.#below.size;
  }

  /** The steps over which {@link size} was summed up. */
  get steps(): number {
    return this.#above.size >= this.#below.size ? this.#above.steps : this.#below.steps;
  }

  reset(): void {
    for (const sum of [this.#above, this.#below]) sum.size = sum.steps = 0;
  }
}

function grow(sum: Sum, by: number): void {
  sum.size = Math.max(0, sum.size + by);
  sum.steps = sum.size > 0 ? sum.steps + 1 : 0;
}

/**
 * The largest sum over recordings of normal data.
 * @param residuals In sigmas: of every recording at one step, then of the next step
 */
export function farthestSum(residuals: Float64Array, recordings: number): number {
  const sums = Array.from({ length: recordings }, () => new Cusum());
  let farthest = 0;
  for (const [i, residual] of residuals.entries()) {
    const sum = sums[i % recordings]!;
    sum.add(residual);
    farthest = Math.max(farthest, Math.abs(sum.size));
  }
  return farthest;
}
