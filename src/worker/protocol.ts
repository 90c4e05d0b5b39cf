import type { NestedNumbers, NumberNDArray } from "../arrays.ts";
import type { NDArray } from "../shape.ts";
import type { EpochReport, Evaluation, Progress } from "../train/index.ts";
import type { WireError } from "./wire-errors.ts";

/**
 * The messages between a page and its worker: calls, each with an answer or a failure, and during a fit progress that the page
 * acknowledges. An app's own messages on the same worker do not interfere.
 */

/** Marks the messages of this protocol and gives its version. */
export const PROTOCOL = "webgpu-lstm/2";

/** What the page learns of the trainer that the worker made. */
export interface Created {
  /** The adapter, for people. */
  readonly device: string;
  /** Batches in one pass over each loader, where known. */
  readonly loaders: Readonly<Record<string, number | undefined>>;
}

/** Options of a fit, as they cross to the worker. */
export interface SentFitOptions {
  readonly epochs: number;
  readonly batchesPerEpoch?: number;
  readonly validation?: string;
  readonly validateEvery?: number;
  readonly schedule?: string;
  readonly onDeviceLost?: "throw" | "recover";
  readonly keepEvery?: number;
  readonly maxRecoveries?: number;
  readonly callbacks?: readonly string[];
  /** Whether the page wants to hear of every batch. */
  readonly progress: boolean;
}

/** What the page can call; `run` is the page's number of a fit. */
export interface Calls {
  create(config: unknown): Created;
  fit(run: number, loader: string, options: SentFitOptions): void;
  /** Trains one epoch more; null at the end. */
  next(run: number): EpochReport | null;
  /** Ends a fit as leaving a `for await` does, and gives the reports of its history. */
  leave(run: number): readonly EpochReport[];
  evaluate(loader: string): Evaluation;
  predict(x: NumberNDArray | NestedNumbers, options: { readonly batchSize?: number }): NDArray;
  stateDict(): ReadonlyMap<string, NDArray>;
  loadStateDict(state: ReadonlyMap<string, NDArray> | Readonly<Record<string, NDArray>>): void;
  checkpoint(): Uint8Array<ArrayBuffer>;
  resume(bytes: Uint8Array | ArrayBuffer): void;
  history(): readonly EpochReport[];
  describe(): string;
  /** An action of the app's own. */
  action(name: string, args: readonly unknown[]): unknown;
  dispose(): void;
}

export type CallName = keyof Calls;

/** From the page to the worker. */
export type Request =
  | { readonly kind: "hello" }
  | { readonly kind: "call"; readonly id: number; readonly name: CallName; readonly args: readonly unknown[] }
  | { readonly kind: "abort"; readonly run: number }
  | { readonly kind: "progressed"; readonly run: number; readonly failed: boolean };

/** From the worker to the page. */
export type Reply =
  /** The worker serves, and holds the lock of this name until it dies. The name is null where there are no locks. */
  | { readonly kind: "serving"; readonly lock: string | null }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly error: WireError }
  | { readonly kind: "progress"; readonly run: number; readonly progress: Progress };

/** A message with its mark. */
type Sent<M> = M & { readonly protocol: typeof PROTOCOL };

/** The message in an event's data, if it is one of this protocol. */
export function received<M>(data: unknown): M | null {
  return (data as Partial<Sent<M>> | null)?.protocol === PROTOCOL ? (data as M) : null;
}
