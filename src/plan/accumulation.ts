import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { ParameterArena } from "./parameters.ts";

/** How a step combines the gradients of several runs into one update. */
export interface AccumulateOptions {
  /** Runs per update: an integer of at least 1. */
  readonly runs: number;
  /**
   * "mean" averages the runs' gradients, weighted by each run's `weight`; it suits a loss that is itself a mean. "sum" adds them
   * up. Default "mean".
   */
  readonly reduction?: "mean" | "sum";
}

/** Options of one run of a step that accumulates gradients. */
export interface RunOptions {
  /** Weight of the run in the mean, such as its number of samples. A number above 0, default 1. */
  readonly weight?: number;
  /** Whether to update after this run. By default the last of every `runs` runs updates. */
  readonly update?: boolean;
}

/** Throws an OptionError for wrong options of accumulation. */
export function checkAccumulate(where: string, options: AccumulateOptions): void {
  checkOptions(`${where}: accumulate`, options, ["runs", "reduction"]);
  checkInteger(`${where}: accumulate`, "runs", options.runs);
  const { reduction = "mean" } = options;
  if (reduction !== "mean" && reduction !== "sum") {
    throw new OptionError(`${where}: accumulate: reduction must be "mean" or "sum", got ${show(reduction)}`);
  }
}

/** Throws an OptionError for wrong options of a run. */
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
 * The sums of a step's gradients since its last update, in buffers laid out like the parameters. All programs of the step share
 * them, so a short last batch counts too.
 */
export class Accumulation {
  readonly #context: GpuContext;
  readonly #runs: number;
  readonly #sums: boolean;
  readonly #totals = new Map<ParameterArena, DeviceBuffer>();
  #pending = 0;
  #weights = 0;
  /** Parameters of the dispatches of the run that starts now. */
  run = { begins: true, weight: 1 };
  /** Factor of the sum in the update that starts now. */
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

  /** Counts a run that is about to start, and returns whether an update follows it. */
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

  /** The buffer that sums the gradients of an arena's parameters. */
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
