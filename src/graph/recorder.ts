import { GraphError } from "../errors.ts";
import type { OnDemand } from "../ondemand.ts";
import type { Dispatch, Op, Operand, PlanSettings } from "../ops/op.ts";
import type { Shape } from "../shape.ts";
import type { RandomStreams } from "./random-streams.ts";

/** A module, as far as a trace knows it. */
export interface HasMode {
  readonly training: boolean;
}

/** The value that a run leaves in a module's buffer. */
export interface Assignment<T> {
  readonly value: T;
  /** Plans storing it, if every value of `guard` is finite. */
  store(guard: Operand | null, plan: PlanSettings): Dispatch;
}

/** Records ops while a function is traced. `T` is the graph's tensor, whose file imports this one. */
export interface Recorder<T extends Operand> {
  readonly random: RandomStreams;
  /** What to load besides the ops' needs, for other modes of the modules. */
  readonly needs: OnDemand<unknown>[];
  /** Modules that decided by their mode, unless the traced function had set it. The step is planned anew when their modes change. */
  readonly modes: ReadonlySet<HasMode>;
  /** What the run leaves in modules' buffers, by buffer. */
  readonly assignments: Map<T, Assignment<T>>;
  /** Whether a module is in training mode. */
  training(module: HasMode): boolean;
  /** Notes that the traced function sets a module's mode itself. */
  setsMode(module: HasMode): void;
  /** A constant tensor. */
  literal(data: Float32Array, shape: Shape): T;
  apply<A>(op: Op<A>, inputs: readonly (T | null)[], attributes: A): T[];
}

/** Holds the recorder of the trace that runs now. */
export class Recording<T extends Operand> {
  #recorder: Recorder<T> | null = null;

  /** The recorder of the trace that runs now, if there is one. */
  get now(): Recorder<T> | null {
    return this.#recorder;
  }

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
