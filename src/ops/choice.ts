import type { AdapterFacts } from "../gpu/adapter-facts.ts";
import type { Dispatch, VersionChooser } from "./op.ts";

/** What a dispatch asks of an adapter, all its workgroups together, with what padded tiles throw away. */
export interface Work {
  readonly groups: number;
  /** Floating-point operations, a multiply-add counting 2. */
  readonly flops: number;
  /** float32 values loaded from storage buffers or stored there. */
  readonly loads: number;
  /** Barriers of one workgroup, counted in those of 256 invocations. Default 0. */
  readonly barriers?: number;
}

/** The time a dispatch should take on an adapter, in µs: operations and loads at its rates, by as much of it as is busy. */
export function predictMicros({ groups, flops, loads, barriers = 0 }: Work, facts: AdapterFacts): number {
  const atOnce = Math.min(groups, facts.workgroups);
  const busy = atOnce / facts.workgroups;
  const waiting = (barriers * facts.barrierMicros * groups) / atOnce;
  return facts.dispatchMicros + (flops / facts.gflops + loads / facts.gloads) / (1e3 * busy) + waiting;
}

/** Why a version was chosen: it was asked for, it was timed beside others, or its prediction is the shortest. */
export type Reason = "pinned" | "measured" | "predicted";

/** A version that was chosen for something. */
export interface Choice {
  /** What for, with the sizes that decide. */
  readonly what: string;
  readonly version: string;
  readonly reason: Reason;
  /** Predicted times of all that could do it, in µs. */
  readonly micros: Readonly<Record<string, number>>;
}

/** A choice between versions whose predictions lie too near each other to be sure. */
export interface CloseChoice {
  readonly what: string;
  /** Dispatches by which each version can be timed, over operands of their own; the one that is predicted to be the fastest first. */
  readonly trials: Readonly<Record<string, Dispatch[]>>;
}

/** Predictions within this factor of the best are no better than a guess: they were right to about as much where they were held against times. */
const CLOSE = 1.6;

/** A trial is cut down to about this predicted time, in µs: enough to tell versions apart. */
export const TRIAL_MICROS = 15_000;

/** As many versions as are worth timing. */
const MOST_TRIALS = 3;

/** The versions that a program was planned with, and why. */
export class Choices implements VersionChooser {
  readonly #measured: Readonly<Record<string, string>>;
  readonly #made = new Map<string, Choice>();
  readonly #close = new Map<string, () => CloseChoice>();

  /** @param measured Versions that turned out the fastest in earlier timings, by what they were timed for. */
  constructor(measured: Readonly<Record<string, string>> = {}) {
    this.#measured = measured;
  }

  /** In the order in which they came up, one for each `what`. */
  get made(): readonly Choice[] {
    return [...this.#made.values()];
  }

  /** Those that a timing could decide better. */
  close(): CloseChoice[] {
    return [...this.#close.values()].map((trials) => trials());
  }

  choose<V extends string>(
    what: string,
    pin: V | undefined,
    micros: Readonly<Partial<Record<V, number>>>,
    trial: (version: V) => Dispatch[],
  ): V {
    const versions = Object.keys(micros) as V[];
    const time = (version: V) => micros[version]!;
    const note = (version: V, reason: Reason) => {
      this.#made.set(what, { what, version, reason, micros: micros as Record<string, number> });
      return version;
    };
    if (pin !== undefined) return note(versions.includes(pin) ? pin : versions[0]!, "pinned");
    const measured = versions.find((version) => version === this.#measured[what]);
    if (measured !== undefined) return note(measured, "measured");
    const [best, ...others] = [...versions].sort((a, b) => time(a) - time(b)) as [V, ...V[]];
    const near = others.filter((version) => time(version) < CLOSE * time(best)).slice(0, MOST_TRIALS - 1);
    if (near.length > 0) {
      const contenders = [best, ...near];
      const trials = () => Object.fromEntries(contenders.map((version) => [version, trial(version)]));
      this.#close.set(what, () => ({ what, trials: trials() }));
    }
    return note(best, "predicted");
  }
}

/** Sizes up to the next power of two count as one, so that a batch one row larger is the same `what`. */
export function bucket(size: number): number {
  return 2 ** Math.ceil(Math.log2(size));
}
