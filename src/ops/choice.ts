import type { AdapterFacts } from "../gpu/adapter-facts.ts";
import type { Dispatch, VersionChooser } from "./op.ts";

/** The work of a dispatch, summed over its workgroups. What padded tiles throw away counts too. */
export interface Work {
  readonly groups: number;
  /** Floating-point operations, a multiply-add counting 2. */
  readonly flops: number;
  /** float32 values loaded from storage buffers or stored to them. */
  readonly loads: number;
  /** Barriers of one workgroup, in equivalent barriers of 256 invocations. Default 0. */
  readonly barriers?: number;
}

/** Predicted time of a dispatch on an adapter, in µs: its operations and loads at the rates of the busy part of the adapter. */
export function predictMicros({ groups, flops, loads, barriers = 0 }: Work, facts: AdapterFacts): number {
  const atOnce = Math.min(groups, facts.workgroups);
  const busy = atOnce / facts.workgroups;
  const waiting = (barriers * facts.barrierMicros * groups) / atOnce;
  return facts.dispatchMicros + (flops / facts.gflops + loads / facts.gloads) / (1e3 * busy) + waiting;
}

/** Why a version was chosen: the caller asked for it, it was the fastest in a timing, or its predicted time is the shortest. */
type Reason = "pinned" | "measured" | "predicted";

/** A chosen version. */
export interface Choice {
  /** What the version does, with the sizes that decide. */
  readonly what: string;
  readonly version: string;
  readonly reason: Reason;
  /** Predicted time of every version that can do it, in µs. */
  readonly micros: Readonly<Record<string, number>>;
}

/** A choice between versions whose predictions are too close to rank. */
export interface CloseChoice {
  readonly what: string;
  /** Dispatches that time each version, over operands of their own; the version with the shortest prediction comes first. */
  readonly trials: Readonly<Record<string, Dispatch[]>>;
}

/** Predictions this close to the best cannot be ranked: measured times differed from predictions by about as much. */
const CLOSE = 1.6;

/** Predicted length of a trial, in µs: long enough to tell versions apart. */
export const TRIAL_MICROS = 15_000;

/** Maximum number of versions to time for one choice. */
const MOST_TRIALS = 3;

/** Records the versions that a program is planned with, and why. */
export class Choices implements VersionChooser {
  readonly #measured: Readonly<Record<string, string>>;
  readonly #made = new Map<string, Choice>();
  readonly #close = new Map<string, () => CloseChoice>();

  /** @param measured The fastest version of earlier timings, by `what`. */
  constructor(measured: Readonly<Record<string, string>> = {}) {
    this.#measured = measured;
  }

  /** All choices in the order they were made, one for each `what`. */
  get made(): readonly Choice[] {
    return [...this.#made.values()];
  }

  /** The choices that a timing would decide better. */
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

/** The next power of two, so that a batch one row larger gives the same `what`. */
export function bucket(size: number): number {
  return 2 ** Math.ceil(Math.log2(size));
}
