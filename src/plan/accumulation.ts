import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { AccumulateOptions, RunOptions } from "./accumulate-options.ts";
import type { ParameterArena } from "./parameters.ts";

/**
 * The sums of a step's gradients since its last update, in buffers laid out like the parameters. All programs of the step share
 * them, so a short last batch counts too. The file loads on demand and imports types alone: a value that it shared with other files
 * would be a chunk of its own.
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
    context.freeWith(this, this.#totals);
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
