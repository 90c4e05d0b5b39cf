import type { RandomStreams } from "../graph/random-streams.ts";
import { defaultGenerator } from "../random.ts";

/**
 * Random numbers of a compiled step. Its seed is drawn from the default generator when an op first wants one, so that
 * `manualSeed` decides it; every run counts on, whatever its input shapes are.
 */
export class StepRandom {
  /** Runs begun. */
  runs = 0;
  #seed: number | null = null;

  /** The streams of one trace, numbered in the order in which its ops ask for them. */
  trace(): RandomStreams {
    let streams = 0;
    return {
      next: () => {
        this.#seed ??= defaultGenerator.random();
        return { seed: this.#seed, stream: streams++, run: () => this.runs };
      },
    };
  }
}
