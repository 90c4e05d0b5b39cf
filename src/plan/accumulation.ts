import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { ParameterArena } from "./parameters.ts";

/** How the gradients of several runs make one update. */
export interface AccumulateOptions {
  /** Runs to an update: an integer of at least 1. */
  readonly runs: number;
  /**
   * What becomes of the runs' gradients: their mean, weighted by each run's `weight`, for a loss that is itself a mean; or their
   * sum. Default "mean".
   */
  readonly reduction?: "mean" | "sum";
}

/** What a run of a step that accumulates can be told. */
export interface RunOptions {
  /** How much the run counts: its number of samples, where batches differ. A number above 0, default 1. */
  readonly weight?: number;
  /** Whether the update follows; by default it follows the last of `runs` runs. */
  readonly update?: boolean;
}

/** Throws an OptionError unless these are options of accumulation. */
export function checkAccumulate(where: string, options: AccumulateOptions): void {
  checkOptions(`${where}: accumulate`, options, ["runs", "reduction"]);
  checkInteger(`${where}: accumulate`, "runs", options.runs);
  const { reduction = "mean" } = options;
  if (reduction !== "mean" && reduction !== "sum") {
    throw new OptionError(`${where}: accumulate: reduction must be "mean" or "sum", got ${show(reduction)}`);
  }
}

/** Throws an OptionError unless a run of a step can be told this. */
export function checkRunOptions(where: string, accumulates: boolean, options: RunOptions): void {
  checkOptions(where, options, ["weight", "update"]);
  const { weight, update } = options;
  if (!accumulates && (weight !== undefined || update !== undefined)) {
    throw new OptionError(
      `${where}: weight and update are for a step that adds up gradients; compile it with accumulate: { runs }`,
    );
  }
  if (weight !== undefined) checkNumber(where, "weight", weight, "a number above 0", (n) => n > 0);
  if (update !== undefined) checkBoolean(where, "update", update);
}

/**
 * The gradients that a step's runs add up until there is an update, in buffers laid out as the parameters' own. All programs of the
 * step share them, so that a short batch counts with the others.
 */
export class Accumulation {
  readonly #context: GpuContext;
  readonly #runs: number;
  readonly #sums: boolean;
  readonly #totals = new Map<ParameterArena, DeviceBuffer>();
  #pending = 0;
  #weights = 0;
  /** What the dispatches of the run that starts now are told. */
  run = { begins: true, weight: 1 };
  /** What the sum is multiplied by in the update that starts now. */
  scale = 1;

  constructor(context: GpuContext, { runs, reduction }: AccumulateOptions) {
    this.#context = context;
    this.#runs = runs;
    this.#sums = reduction === "sum";
  }

  /** Runs since the last update. */
  get pending(): number {
    return this.#pending;
  }

  /** Counts a run that is about to start; tells whether the update follows it. */
  begin({ weight = 1, update = this.#pending + 1 >= this.#runs }: RunOptions): boolean {
    this.run = { begins: this.#pending === 0, weight };
    this.#weights = this.#pending === 0 ? weight : this.#weights + weight;
    this.scale = this.#sums ? 1 : 1 / this.#weights;
    this.#pending = update ? 0 : this.#pending + 1;
    return update;
  }

  /** Forgets the runs since the last update. */
  discard(): void {
    this.#pending = 0;
  }

  /** Where the gradients of an arena's parameters are added up. */
  totalOf(arena: ParameterArena): DeviceBuffer {
    let total = this.#totals.get(arena);
    if (!total) {
      total = this.#context.allocate("gradient", arena.values.bytes, "accumulated gradients");
      this.#totals.set(arena, total);
    }
    return total;
  }

  dispose(): void {
    for (const total of this.#totals.values()) total.dispose();
    this.#totals.clear();
  }
}
