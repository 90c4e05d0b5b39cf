import type { AdapterFacts } from "../gpu/adapter-facts.ts";
import type { Comparison, Dispatch, Proof, VersionChooser } from "./op.ts";

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
  /** Versions that are left out, since they computed wrong numbers on this adapter. */
  readonly wrong: readonly string[];
}

/** A choice between versions that measurements decide: predictions are too close to rank, or are not asked. */
export interface CloseChoice {
  readonly what: string;
  /** Dispatches that time each version, over operands of their own; the version with the shortest prediction comes first. */
  readonly trials: Readonly<Record<string, Dispatch[]>>;
  /** For versions that are compared first: what they are of, the one that is right, and all over the same operands. */
  readonly proof: (Comparison & { readonly of: string; readonly plain: string }) | null;
}

/** Predictions this close to the best cannot be ranked: measured times differed from predictions by about as much. */
const CLOSE = 1.6;

/** Predicted length of a trial, in µs: long enough to tell versions apart. */
export const TRIAL_MICROS = 15_000;

/** Maximum number of versions to time for one choice. */
const MOST_TRIALS = 3;

/** What is known of the versions on an adapter. */
interface Known {
  readonly versions?: Readonly<Record<string, string>>;
  readonly wrong?: Readonly<Record<string, readonly string[]>>;
}

/** Records the versions that a program is planned with, and why. */
export class Choices implements VersionChooser {
  readonly #known: Known;
  readonly #proves: boolean;
  readonly #made = new Map<string, Choice>();
  readonly #close = new Map<string, { readonly isProven: boolean; readonly make: () => CloseChoice }>();

  /**
   * @param known The fastest version of earlier timings, by `what`, and those that were wrong.
   * @param proves Whether versions are compared and timed before they are used.
   */
  constructor(known: Known = {}, proves = false) {
    this.#known = known;
    this.#proves = proves;
  }

  /** All choices in the order they were made, one for each `what`. */
  get made(): readonly Choice[] {
    return [...this.#made.values()];
  }

  /**
   * The choices that a timing would decide better.
   * @param all Whether those too whose versions need no proof.
   */
  close(all = true): CloseChoice[] {
    const wanted = [...this.#close.values()].filter(({ isProven }) => all || isProven);
    return wanted.map(({ make }) => make());
  }

  choose<V extends string>(
    what: string,
    pin: V | undefined,
    micros: Readonly<Partial<Record<V, number>>>,
    trial: (version: V) => Dispatch[],
    proof?: Proof<V>,
  ): V {
    const wrong = (proof && this.#known.wrong?.[proof.of]) ?? [];
    const all = Object.keys(micros) as V[];
    const versions = all.filter((version) => !wrong.includes(version));
    const time = (version: V) => micros[version]!;
    const note = (version: V, reason: Reason) => {
      this.#made.set(what, { what, version, reason, micros: micros as Record<string, number>, wrong });
      return version;
    };
    if (pin !== undefined) return note(all.includes(pin) ? pin : all[0]!, "pinned");
    const measured = versions.find((version) => version === this.#known.versions?.[what]);
    if (measured !== undefined) return note(measured, "measured");
    const sorted = versions.sort((a, b) => time(a) - time(b));
    const [best, ...others] = sorted.filter((version) => !proof?.timed.includes(version)) as [V, ...V[]];
    const near = others.filter((version) => time(version) < CLOSE * time(best)).slice(0, MOST_TRIALS - 1);
    const proven = this.#proves && proof ? proof : null;
    const contenders = proven ? sorted : [best, ...near];
    if (contenders.length > 1) {
      const make = () => ({
        what,
        trials: Object.fromEntries(contenders.map((version) => [version, trial(version)])),
        proof: proven && { ...proven, ...proven.compare(contenders) },
      });
      this.#close.set(what, { isProven: !!proven, make });
    }
    return note(best, "predicted");
  }
}

/** The next power of two, so that a batch one row larger gives the same `what`. */
export function bucket(size: number): number {
  return 2 ** Math.ceil(Math.log2(size));
}
