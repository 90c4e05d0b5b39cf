import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { AccumulateOptions, RunOptions } from "./accumulate-options.ts";
import type { ParameterArena } from "./parameters.ts";

/** A digit for each parameter: 0 for one that is frozen. */
function trainedOf(parameters: readonly Parameter[]): string {
  return parameters.map(({ requiresGrad }) => Number(requiresGrad)).join("");
}

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
  #trained = "";
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

  /** Whether the parameters that are not frozen are those that the runs since the last update have gradients of. */
  fits(parameters: readonly Parameter[]): boolean {
    return this.#pending === 0 || trainedOf(parameters) === this.#trained;
  }

  /** Counts a run that is about to start, and returns whether an update follows it. */
  begin(
    { weight = 1, update = this.#pending + 1 >= this.#runs }: RunOptions,
    parameters: readonly Parameter[],
  ): boolean {
    this.#trained = trainedOf(parameters);
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
