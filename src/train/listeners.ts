import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Progress } from "./report.ts";

/** Options of `fit` by which its caller takes part in the run. */
export interface FitListeners {
  /** Ends training before the next batch: `fit` then throws the signal's reason, and the model keeps what it learned. */
  readonly signal?: AbortSignal;
  /** Called after each batch is submitted. A promise it returns is awaited and not counted as training time: a way to pause. */
  readonly onProgress?: (progress: Progress) => unknown;
}

/** Throws an OptionError unless the listeners that are given are of the right kind. */
export function checkListeners(where: string, { signal, onProgress }: FitListeners): void {
  if (signal !== undefined && typeof signal.throwIfAborted !== "function") {
    throw new OptionError(`${where}: signal must be an AbortSignal, got ${show(signal)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new OptionError(`${where}: onProgress must be a function, got ${show(onProgress)}`);
  }
}
