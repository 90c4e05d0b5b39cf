import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Progress } from "./report.ts";

/** Options of `fit` that stop, pause or observe a run. */
export interface FitListeners {
  /** Ends training before the next batch: `fit` then throws the signal's reason, and the model keeps what it learned. */
  readonly signal?: AbortSignal;
  /** Called after each batch is submitted. Return a promise to pause; the time until it settles does not count as training time. */
  readonly onProgress?: (progress: Progress) => unknown;
}

/** Throws an OptionError for a listener of the wrong type. */
export function checkListeners(where: string, { signal, onProgress }: FitListeners): void {
  if (signal !== undefined && typeof signal.throwIfAborted !== "function") {
    throw new OptionError(`${where}: signal must be an AbortSignal, got ${show(signal)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new OptionError(`${where}: onProgress must be a function, got ${show(onProgress)}`);
  }
}
