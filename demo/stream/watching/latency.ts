/** Times of the latest steps: quantiles and a histogram. */
import { quantile } from "../../../tasks/statistics/statistics.ts";

/** The number of steps that are kept. */
const REMEMBERED = 600;

/** The lower edges of the bins in ms: two for each octave from 1/8 to 512 ms. The first and the last bin are open. */
export const EDGES: readonly number[] = Array.from({ length: 25 }, (_, i) => 0.125 * 2 ** (i / 2));

export class Latencies {
  readonly #times: number[] = [];
  #next = 0;

  add(ms: number): void {
    this.#times[this.#next] = ms;
    this.#next = (this.#next + 1) % REMEMBERED;
  }

  get count(): number {
    return this.#times.length;
  }

  /** The time in ms that a share of the steps, such as 0.95, does not exceed; undefined before the first step. */
  quantile(share: number): number | undefined {
    return this.count === 0 ? undefined : quantile(this.#times, share);
  }

  /** The number of steps in each bin of {@link EDGES}. */
  histogram(): number[] {
    const counts = EDGES.map(() => 0);
    for (const ms of this.#times) {
      const bin = ms <= 0 ? 0 : Math.floor(2 * Math.log2(ms / EDGES[0]!));
      counts[Math.max(0, Math.min(counts.length - 1, bin))]!++;
    }
    return counts;
  }
}
