import { GraphError } from "../errors.ts";
import type { Op, Operand } from "../ops/op.ts";
import type { Shape } from "../shape.ts";
import type { RandomStreams } from "./random-streams.ts";

/** Records ops while a function is traced. `T` is the graph's tensor, whose file imports this one. */
export interface Recorder<T extends Operand> {
  readonly random: RandomStreams;
  /** Whether a module is in training mode in this step. The mode of the step's first trace holds for all later ones. */
  training(module: { readonly training: boolean }): boolean;
  /** A constant tensor. */
  literal(data: Float32Array, shape: Shape): T;
  apply<A>(op: Op<A>, inputs: readonly (T | null)[], attributes: A): T[];
}

/** Holds the recorder of the trace that runs now. */
export class Recording<T extends Operand> {
  #recorder: Recorder<T> | null = null;

  /** The recorder of the trace that runs now. Throws an error that names `where` if there is none. */
  current(where: string): Recorder<T> {
    if (!this.#recorder) {
      throw new GraphError(
        `${where}: tensors are computed with only while a function is traced; call it inside the function given to ` +
          "device.compile()",
      );
    }
    return this.#recorder;
  }

  /** Runs `fn` while `recorder` records. */
  into<R>(recorder: Recorder<T>, fn: () => R): R {
    const outer = this.#recorder;
    this.#recorder = recorder;
    try {
      return fn();
    } finally {
      this.#recorder = outer;
    }
  }
}
