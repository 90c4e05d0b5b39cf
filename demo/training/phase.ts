/** The state of a run at a moment, as the page draws it. */
import type { EpochReport } from "webgpu-lstm";

/**
 * opening (the worker starts and requests a GPU) → ready → compiling → training ⇄ pausing, paused → done; from every phase before
 * done, stopped (cancelled) or failed.
 */
export type Phase =
  | "opening"
  | "ready"
  | "compiling"
  | "training"
  | "pausing"
  | "paused"
  | "done"
  | "stopped"
  | "failed";

/** The state of a run at a moment. */
export interface Snapshot {
  readonly phase: Phase;
  /** Complete epochs, and the number of epochs of the run. */
  readonly epoch: number;
  readonly epochs: number;
  /** Submitted batches of the current epoch, and its number of batches if it is known. */
  readonly batch: number;
  readonly batches: number | undefined;
  /** Reports of the complete epochs, including those before a reload. */
  readonly reports: readonly EpochReport[];
  /** The share of the run that is done, 0 to 1. */
  readonly done: number;
  /** Estimated time until the end, in seconds. */
  readonly secondsLeft: number | undefined;
  /** The name of the worker's adapter. */
  readonly adapter: string | undefined;
  /** The error of a failed run. */
  readonly error: unknown;
}

/** The state of a run that has not begun. */
export function newSnapshot(phase: "opening" | "ready", epochs: number): Snapshot {
  return {
    phase,
    epoch: 0,
    epochs,
    batch: 0,
    batches: undefined,
    reports: [],
    done: 0,
    secondsLeft: undefined,
    adapter: undefined,
    error: undefined,
  };
}

/** Whether the run can be paused, resumed or cancelled. */
export function isUnderWay(phase: Phase): boolean {
  return ["compiling", "training", "pausing", "paused"].includes(phase);
}
