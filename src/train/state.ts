import { defaultGenerator } from "../random.ts";
import type { NDArray } from "../shape.ts";
import type { CallbackState } from "./callbacks.ts";
import type { DataPosition } from "./data-feed.ts";
import type { EpochReport } from "./report.ts";
import type { StepRandomStates } from "./steps.ts";

/** Where a training run is: what a resumed `fit` goes on from. */
export interface TrainerState extends DataPosition {
  /** The epoch that is in the middle or comes next, from 1. */
  readonly epoch: number;
  /** Batches of it that an update has followed. */
  readonly batch: number;
  /** Batches in an epoch, where the loader knows. */
  readonly batches: number | null;
  /** Updates of this epoch. */
  readonly updates: number;
  /** Updates of this epoch that were left out; they are not counted above. */
  readonly skipped: number;
  /** Time of this epoch's training so far, in seconds. */
  readonly seconds: number;
  /** Sums over the epoch's batches: of the losses, each times its weight, and of the weights. */
  readonly loss: { readonly sum: number; readonly weight: number };
  /** Tensors that the model carries to the next batch, by their place in its state; `null` if it carries nothing yet. */
  readonly carried: ReadonlyMap<string, NDArray> | null;
  /** Random numbers of the compiled steps: dropout. */
  readonly steps: StepRandomStates;
  /** `null` for a run that had not begun. */
  readonly callbacks: readonly SavedCallback[] | null;
  readonly history: readonly EpochReport[];
}

/** A callback's state, under the callback's name. */
export interface SavedCallback {
  readonly name: string;
  readonly state: CallbackState;
}

/** The state of a run that has not begun. */
export function newState(): TrainerState {
  const random = defaultGenerator.getState();
  return {
    epoch: 1,
    batch: 0,
    batches: null,
    updates: 0,
    skipped: 0,
    seconds: 0,
    loss: { sum: 0, weight: 0 },
    random,
    start: { random, loader: null },
    pass: { done: 0, batches: null },
    validation: null,
    carried: null,
    steps: {},
    callbacks: null,
    history: [],
  };
}
