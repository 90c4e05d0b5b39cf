/** A race: this library and TensorFlow.js train the same model, in turns, each on its own time. */
import type { Library, Opening, Steps } from "../protocol.ts";
import { LibraryError, Seat, TooSlow } from "../seat.ts";
import type { Choice } from "../workloads.ts";
import { type Curve, checkRun, type Run } from "./race-result.ts";

export const RUNS = 3;

/** The time of a turn in ms, and of the training before the race, which is thrown away. */
const TURN = 250;
const WARM_UP = 500;

export type RacePhase = "warming" | "racing" | "done" | "cancelled" | "failed";

/** Where a library is in a run. */
type Side = "ours" | "theirs";

export class Race {
  readonly choice: Choice;
  /** Seconds that each library trains in a run. */
  readonly seconds: number;
  /** The runs, of which the last may be under way. */
  readonly runs: Run[] = [];
  readonly at = new Date();
  phase: RacePhase = "warming";
  /** The library that is loading or was found best; undefined before. */
  peer: Library | undefined;
  adapter: Opening["adapter"];
  error: unknown;
  readonly #candidates: readonly Library[];
  readonly #onChange: () => void;
  readonly #seats = new Map<Library, Seat>();

  /** @param candidates TensorFlow.js's backends, of which the fastest races; on a software adapter WASM, if it is among them */
  constructor(choice: Choice, candidates: readonly Library[], seconds: number, onChange: () => void) {
    this.choice = choice;
    this.seconds = seconds;
    this.#candidates = candidates;
    this.#onChange = onChange;
    void this.#run();
  }

  /** The share that is done, 0 to 1. */
  get done(): number {
    const spent = this.runs.flatMap(({ ours, theirs }) => [ours, theirs]);
    const seconds = spent.reduce((sum, curve) => sum + Math.min(this.seconds, curve.seconds.at(-1) ?? 0), 0);
    return this.phase === "done" ? 1 : seconds / (2 * RUNS * this.seconds);
  }

  /** The runs that are over. */
  get finished(): readonly Run[] {
    return this.runs.filter(({ ours, theirs }) => this.#isOver(ours) && this.#isOver(theirs));
  }

  /** Ends every worker at once; runs that are over stay. */
  cancel(): void {
    if (this.phase === "warming" || this.phase === "racing") this.#finish("cancelled");
  }

  #finish(phase: RacePhase): void {
    this.phase = phase;
    for (const seat of this.#seats.values()) seat.end(new Error("cancelled"));
    this.#onChange();
  }

  /** Whether the race has ended before its last run. */
  get #isEnded(): boolean {
    return this.phase === "cancelled" || this.phase === "failed";
  }

  async #run(): Promise<void> {
    try {
      await this.#warmUp("webgpu-lstm");
      this.peer = await this.#findPeer();
      for (let run = 0; run < RUNS && !this.#isEnded; run++) await this.#raceOnce(run);
      if (!this.#isEnded) this.#finish("done");
    } catch (error) {
      if (this.#isEnded) return;
      this.error = error;
      this.#finish("failed");
    }
  }

  /** Loads a library, compiles its step and trains a little; returns the ms of a step. */
  async #warmUp(library: Library): Promise<number> {
    this.#onChange();
    const seat = new Seat(library);
    this.#seats.set(library, seat);
    const opening = await seat.openRace(this.choice.workload, this.choice.patience);
    this.adapter ??= opening.adapter;
    const { times } = await seat.train(WARM_UP, this.choice.patience);
    return times.at(-1)! / times.length;
  }

  /** The fastest of the candidates; the others are ended. */
  async #findPeer(): Promise<Library> {
    const software = this.adapter?.software ?? false;
    const candidates =
      software && this.#candidates.includes("tfjs-wasm") ? ["tfjs-wasm" as const] : this.#candidates;
    const found: { readonly library: Library; readonly ms: number }[] = [];
    let failed: { readonly library: Library; readonly error: unknown } | undefined;
    for (const library of candidates) {
      this.peer = library;
      try {
        found.push({ library, ms: await this.#warmUp(library) });
      } catch (error) {
        if (this.#isEnded || !(error instanceof LibraryError || error instanceof TooSlow)) throw error;
        this.#seats.get(library)!.end(error as Error);
        failed ??= { library, error };
      }
    }
    const [best, ...others] = found.sort((a, b) => a.ms - b.ms);
    if (!best) {
      this.peer = failed!.library;
      throw failed!.error;
    }
    for (const { library } of others) this.#seats.get(library)!.end(new Error("not the fastest"));
    return best.library;
  }

  /** One run from the start weights; who begins changes from run to run. */
  async #raceOnce(run: number): Promise<void> {
    const seats = { ours: this.#seats.get("webgpu-lstm")!, theirs: this.#seats.get(this.peer!)! };
    const sides: readonly Side[] = run % 2 === 0 ? ["ours", "theirs"] : ["theirs", "ours"];
    const curves: Record<Side, Curve> = {
      ours: { seconds: [], losses: [] },
      theirs: { seconds: [], losses: [] },
    };
    this.phase = "racing";
    this.runs.push(curves);
    for (const side of sides) {
      await seats[side].close();
      const { firstResult } = await seats[side].openRace(this.choice.workload, this.choice.patience);
      if (this.#isEnded) return;
      curves[side].seconds.push(0);
      curves[side].losses.push(firstResult[0]!);
    }
    for (;;) {
      const open = sides.filter((side) => !this.#isOver(curves[side]));
      if (open.length === 0) break;
      for (const side of open) {
        const steps = await seats[side].train(TURN, this.choice.patience);
        if (this.#isEnded) return;
        extend(curves[side], steps);
        this.#onChange();
      }
    }
    const { difference, agrees } = checkRun(curves);
    if (!agrees) {
      this.runs.pop();
      throw new Error(
        `The first losses differ by ${difference.toExponential(1)} of their size, so the libraries did not train the same: not compared.`,
      );
    }
  }

  #isOver({ seconds }: Curve): boolean {
    return (seconds.at(-1) ?? 0) >= this.seconds;
  }
}

function extend({ seconds, losses }: Curve, steps: Steps): void {
  const before = seconds.at(-1)!;
  for (const [i, time] of steps.times.entries()) {
    seconds.push(before + time / 1000);
    losses.push(steps.losses[i]!);
  }
}
