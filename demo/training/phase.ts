/** What is known of a run at a moment: what the page draws. */
import type { EpochReport } from "webgpu-lstm";

/**
 * opening (the worker starts and asks for a GPU) → ready → compiling → training ⇄ pausing, paused → done; from anywhere on the way
 * stopped (it was cancelled) or failed.
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

/** A run at a moment. */
export interface Snapshot {
  readonly phase: Phase;
  /** Epochs that are complete, and how many are wanted. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches of the present epoch that are submitted, and how many it has, where that is known. */
  readonly batch: number;
  readonly batches: number | undefined;
  /** Reports of the complete epochs, those before a reload included. */
  readonly reports: readonly EpochReport[];
  /** Share of the whole run that is done, 0 to 1. */
  readonly done: number;
  /** Time until the end as far as it can be told, in seconds. */
  readonly secondsLeft: number | undefined;
  /** The worker's adapter, for people. */
  readonly adapter: string | undefined;
  /** Why it failed. */
  readonly error: unknown;
}

/** A run that has not begun. */
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

/** Whether the run is under way: it can be paused, resumed, cancelled. */
export function isUnderWay(phase: Phase): boolean {
  return ["compiling", "training", "pausing", "paused"].includes(phase);
}
