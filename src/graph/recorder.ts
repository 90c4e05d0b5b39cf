import { GraphError } from "../errors.ts";
import type { Op, Operand } from "../ops/op.ts";
import type { Shape } from "../shape.ts";
import type { RandomStreams } from "./random-streams.ts";

/** What ops on tensors are recorded into while a function is traced. */
export interface Recorder {
  readonly random: RandomStreams;
  /** Whether a module is in training mode in this step: as it was when the step first met it, however often it is traced. */
  training(module: { readonly training: boolean }): boolean;
  /** A tensor whose values are known while tracing. */
  literal(data: Float32Array, shape: Shape): Operand;
  apply<A>(op: Op<A>, inputs: readonly (Operand | null)[], attributes: A): Operand[];
}

let current: Recorder | null = null;

/** The recorder of the trace that runs now; `where` is named in the error if there is none. */
export function currentRecorder(where: string): Recorder {
  if (!current) {
    throw new GraphError(
      `${where}: tensors are computed with only while a function is traced; call it inside the function given to ` +
        "device.compile()",
    );
  }
  return current;
}

/** Runs `fn` while `recorder` records. */
export function recordInto<T>(recorder: Recorder, fn: () => T): T {
  const outer = current;
  current = recorder;
  try {
    return fn();
  } finally {
    current = outer;
  }
}
