/** One comparison, from Run to its tables: the order of the measurements, and their results. */

import { median } from "../../tasks/statistics/statistics.ts";
import type { Task } from "../../tasks/workloads/workload.ts";
import { Estimate } from "../training/estimate.ts";
import type { Library, Opening } from "./protocol.ts";
import { LibraryError, Seat, TooSlow } from "./seat.ts";
import { type Choice, TASKS } from "./workloads.ts";

/** The difference between a library's first result and this library's. */
interface Check {
  /** Relative for a loss; the largest absolute difference for outputs. */
  readonly difference: number;
  readonly agrees: boolean;
}

/** The state and results of a library at a task. */
export interface Row {
  readonly library: Library;
  readonly task: Task;
  /** waiting → opening (loading, compiling, the first step) → timing → done; or failed. */
  state: "waiting" | "opening" | "timing" | "done" | "failed";
  opening: Opening | undefined;
  check: Check | undefined;
  /** ms a step, one number for each sample. */
  readonly samples: number[];
  /** Lower bound in ms of a step that was given up; of the first step if there is no opening. */
  atLeast: number | undefined;
  error: unknown;
}

/** Maximum difference of a first result: rounding in float32 stays far below it, a different model far above it. */
const TOLERANCE = 1e-4;

/** Approximate minimum time of a sample in ms, far above the resolution of a browser's clock. */
const LONG_ENOUGH = 25;
const MOST_STEPS = 200;

/** A first step that takes longer than this, in ms, is slow. */
const SLOW = 1500;

const MOST_SAMPLES = 25;

/** The share of a library's work at a task that ends with its first step. */
const OPENING_SHARE = 0.4;

export type Phase = "running" | "done" | "cancelled" | "failed";

export class Contest {
  readonly choice: Choice;
  readonly rows: readonly Row[];
  phase: Phase = "running";
  adapter: Opening["adapter"];
  error: unknown;
  readonly at = new Date();
  readonly #libraries: readonly Library[];
  readonly #onChange: () => void;
  readonly #seats: ReadonlyMap<Library, Seat>;
  readonly #estimate = new Estimate();
  #done = 0;

  /** @param peers The other libraries; each is loaded when its turn comes. */
  constructor(choice: Choice, peers: readonly Library[], onChange: () => void) {
    this.choice = choice;
    this.#libraries = ["webgpu-lstm", ...peers];
    this.#onChange = onChange;
    this.#seats = new Map(this.#libraries.map((library) => [library, new Seat(library)]));
    this.rows = TASKS.flatMap(({ task }) =>
      this.#libraries.map(
        (library): Row => ({
          library,
          task,
          state: "waiting",
          opening: undefined,
          check: undefined,
          samples: [],
          atLeast: undefined,
          error: undefined,
        }),
      ),
    );
    this.#estimate.mark(0, performance.now() / 1000);
    void this.#run();
  }

  /** The share of the comparison that is done, 0 to 1. */
  get done(): number {
    return this.phase === "done" ? 1 : this.#done / this.rows.length;
  }

  get secondsLeft(): number | undefined {
    return this.phase === "running" ? this.#estimate.secondsLeft : undefined;
  }

  /** Ends every worker at once; the measurements stay. */
  cancel(): void {
    if (this.phase !== "running") return;
    this.#finish("cancelled");
  }

  #finish(phase: Phase): void {
    this.phase = phase;
    for (const row of this.rows) {
      if (row.state === "timing" && row.samples.length > 0) row.state = "done";
      else if (row.state === "opening" || row.state === "timing") row.state = "waiting";
    }
    for (const seat of this.#seats.values()) seat.end(new Error("cancelled"));
    this.#onChange();
  }

  async #run(): Promise<void> {
    try {
      for (const { task } of TASKS) {
        await this.#compare(task);
        if (this.phase !== "running") return;
      }
      this.#finish("done");
    } catch (error) {
      if (this.phase !== "running") return;
      this.error = error;
      this.#finish("failed");
    }
  }

  async #compare(task: Task): Promise<void> {
    const rows = this.rows.filter((row) => row.task === task);
    for (const row of rows) {
      const ours = rows[0]!;
      // The other libraries' results are compared with this library's.
      if (ours.state === "failed") this.#fail(row, ours.error);
      else await this.#open(row, ours);
      if (this.phase !== "running") return;
    }
    // In alternation, so that all libraries run under the same load.
    const spent = new Map(rows.map((row) => [row, 0]));
    const counts = new Map(rows.map((row) => [row, this.#firstCount(row)]));
    const wants = (row: Row) =>
      row.state === "timing" && row.samples.length < MOST_SAMPLES && spent.get(row)! < this.choice.budget;
    while (rows.some(wants)) {
      for (const row of rows.filter(wants)) {
        const count = counts.get(row)!;
        const ms = await this.#sample(row, count);
        if (this.phase !== "running") return;
        if (ms === undefined) break;
        spent.set(row, spent.get(row)! + ms * count);
        counts.set(row, Math.max(1, Math.min(MOST_STEPS, Math.ceil(LONG_ENOUGH / ms))));
        this.#mark((ms * count * (1 - OPENING_SHARE)) / this.choice.budget, row);
      }
    }
    for (const row of rows) {
      if (row.state === "timing") row.state = "done";
      await this.#seats.get(row.library)!.close();
      this.#settle(row);
    }
  }

  async #open(row: Row, ours: Row): Promise<void> {
    const seat = this.#seats.get(row.library)!;
    const before = this.rows.find(
      ({ library, error }) => library === row.library && error instanceof LibraryError && error.loading,
    );
    if (before) return this.#fail(row, before.error);
    row.state = "opening";
    this.#onChange();
    try {
      const workload = { ...this.choice.workload, task: row.task };
      row.opening = await seat.open(workload, this.choice.patience);
      this.adapter ??= row.opening.adapter;
      row.check = row === ours ? undefined : checkOf(row.opening, ours.opening!, row.task);
      if (row.check && !row.check.agrees) {
        throw new Error("its first result is another one: not timed");
      }
      // An untimed second step completes the warm-up, unless steps take seconds.
      if (row.opening.firstStepMs < SLOW) await seat.sample(1, this.choice.patience);
      row.state = "timing";
      this.#mark(OPENING_SHARE, row);
    } catch (error) {
      this.#giveUp(row, error);
    }
  }

  async #sample(row: Row, count: number): Promise<number | undefined> {
    try {
      const ms = await this.#seats.get(row.library)!.sample(count, this.choice.patience);
      row.samples.push(ms);
      this.#onChange();
      return ms;
    } catch (error) {
      this.#giveUp(row, error);
      return undefined;
    }
  }

  /** A failure of this library ends the comparison; a failure of a peer is shown in its row. */
  #giveUp(row: Row, error: unknown): void {
    if (this.phase !== "running") return;
    if (error instanceof TooSlow && row.samples.length > 0) {
      row.state = "done";
      this.#settle(row);
      return;
    }
    if (error instanceof TooSlow) row.atLeast = error.ms;
    else if (row.library === "webgpu-lstm") throw error;
    this.#fail(row, error);
  }

  #fail(row: Row, error: unknown): void {
    row.state = "failed";
    row.error = error;
    this.#settle(row);
  }

  #firstCount({ opening }: Row): number {
    return opening && opening.firstStepMs < 4 * LONG_ENOUGH ? 4 : 1;
  }

  /** The share of each row's work that is done. */
  readonly #shares = new Map<Row, number>();

  #mark(share: number, row: Row): void {
    const before = this.#shares.get(row) ?? 0;
    const after = Math.min(1, before + share);
    this.#shares.set(row, after);
    this.#done += after - before;
    this.#estimate.mark(this.done, performance.now() / 1000);
    this.#onChange();
  }

  #settle(row: Row): void {
    this.#mark(1, row);
  }
}

function checkOf(opening: Opening, ours: Opening, task: Task): Check {
  const [mine, theirs] = [ours.firstResult, opening.firstResult];
  if (mine.length !== theirs.length) return { difference: Number.POSITIVE_INFINITY, agrees: false };
  let difference = 0;
  for (const [i, value] of theirs.entries()) difference = Math.max(difference, Math.abs(value - mine[i]!));
  if (task === "train") difference /= Math.abs(mine[0]!);
  return { difference, agrees: difference <= TOLERANCE };
}

/** The median of a row's samples, in ms. */
export function medianOf({ samples }: Row): number | undefined {
  return samples.length === 0 ? undefined : median(samples);
}
