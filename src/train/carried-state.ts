import { ShapeError } from "../errors.ts";
import type { InputValue } from "../run/inputs.ts";
import type { Result } from "../run/result.ts";
import { type NDArray, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { LoadedBatch } from "./batches.ts";
import type { TrainerSteps } from "./steps.ts";

/** A state's tensors by their path in it: on the GPU, or from a checkpoint. */
type State = Readonly<Record<string, Result | NDArray>>;

/**
 * The state that a model carries from one batch to the next. It stays on the GPU. A step takes it as an input, so no gradient goes back
 * into the batch before. A model that carries nothing has a state without tensors.
 */
export class CarriedState {
  readonly #where: string;
  readonly #steps: TrainerSteps;
  /** Names of the state's tensors; known from the first batch on. */
  #names: readonly string[] = [];
  /** The state that the next batch starts from; `null` for zero. */
  #state: State | null;
  /** The state after the last update, from which a resumed run starts. */
  #settled: State | null;

  /** @param saved A state that {@link read} gave, to start from. */
  constructor(where: string, steps: TrainerSteps, saved: ReadonlyMap<string, NDArray> | null = null) {
    this.#where = where;
    this.#steps = steps;
    this.#state = saved && Object.fromEntries(saved);
    this.#settled = this.#state;
  }

  /** The step's inputs for the state: zeros where the batch starts from zero. */
  inputs(batch: LoadedBatch, isFirst: boolean): Readonly<Record<string, InputValue>> {
    const shapes = this.#steps.stateShapes(this.#where, batch.x.shape);
    this.#names = Object.keys(shapes);
    const state = this.#state;
    if (!state || (batch.begins ?? isFirst)) {
      const zeros = (shape: Shape): NDArray => ({ data: new Float32Array(sizeOf(shape)), shape });
      return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros(shape)]));
    }
    for (const [name, wanted] of Object.entries(shapes)) {
      const carried = state[name];
      if (carried && sameShape(carried.shape, wanted)) continue;
      throw new ShapeError(
        `${this.#where}: a batch of ${showShape(batch.x.shape)} starts from a ${name} of ${showShape(wanted)}, the batch before left ` +
          `${carried ? showShape(carried.shape) : "none"}; with carryState every batch goes on where the one before ended and has as ` +
          "many samples: leave a last short batch out (dropLast), or set begins where a batch starts anew",
      );
    }
    return Object.fromEntries(this.#names.map((name) => [name, state[name]!]));
  }

  /**
   * Takes over the state that a run of the step gave.
   * @param settles Whether an update followed, so that a resumed run would go on from here.
   */
  take(results: Readonly<Record<string, Result>>, settles: boolean): void {
    const state = Object.fromEntries(this.#names.map((name) => [name, results[name]!]));
    this.#state = state;
    // The next run overwrites the results of this one: the settled state is copied.
    if (settles) this.#settled = this.#steps.keep(state) ?? state;
  }

  /** The state after the last update; `null` if there is none. The copy is under way when this returns. */
  async read(): Promise<ReadonlyMap<string, NDArray> | null> {
    const entries = Object.entries(this.#settled ?? {}).map(async ([name, value]) => {
      return [name, "read" in value ? await value.read() : value] as const;
    });
    return entries.length > 0 ? new Map(await Promise.all(entries)) : null;
  }
}
