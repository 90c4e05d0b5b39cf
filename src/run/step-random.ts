import { checkInteger, checkOptions } from "../checks.ts";
import type { RandomStreams } from "../graph/random-streams.ts";
import { defaultTwister } from "../twister.ts";

/** Position of a step's random numbers, as plain JSON. */
export interface StepRandomState {
  /** The step's seed, 32 bits; `null` while no op has needed one. */
  readonly seed: number | null;
  /** Runs begun. */
  readonly runs: number;
}

/** Throws an OptionError unless `state` is what `randomState()` gives. */
export function checkRandomState(where: string, state: StepRandomState): void {
  checkOptions(`${where}: random`, state, ["seed", "runs"]);
  if (state.seed !== null) checkInteger(`${where}: random`, "seed", state.seed, 0);
  checkInteger(`${where}: random`, "runs", state.runs, 0);
}

/**
 * Random numbers of a compiled step. The seed is drawn from the default generator when an op first needs one, so `manualSeed`
 * determines it. Runs are counted across all input shapes.
 */
export class StepRandom {
  /** Runs begun. */
  runs: number;
  #seed: number | null;

  constructor({ seed, runs }: StepRandomState = { seed: null, runs: 0 }) {
    this.#seed = seed;
    this.runs = runs;
  }

  get state(): StepRandomState {
    return { seed: this.#seed, runs: this.runs };
  }

  /** The streams of one trace, numbered in the order in which its ops ask for them. */
  trace(): RandomStreams {
    let streams = 0;
    return {
      next: () => {
        this.#seed ??= defaultTwister.random();
        return { seed: this.#seed, stream: streams++, run: () => this.runs };
      },
    };
  }
}
