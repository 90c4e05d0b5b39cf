/** The messages between the page and the worker that listens. */
import { DeviceLostError, NoAdapterError, WebGpuUnavailableError } from "webgpu-lstm";

export type Request = { readonly id: number } /** Answered with the adapter's name. */ & (
  | { readonly kind: "open"; readonly file: ArrayBuffer }
  /** Answered with a {@link Heard}. */
  | { readonly kind: "chunk"; readonly samples: Float32Array }
  /** Forgets what it has heard. */
  | { readonly kind: "reset" }
  /** Answered with the samples of the made speech. */
  | { readonly kind: "make" }
);

/** The answer to a chunk. */
export interface Heard {
  readonly probability: number;
  /** From the step's submission to its answer, in ms. */
  readonly ms: number;
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: Failure;
}

/** An error's message, and its class if the page has a message of its own for it. */
interface Failure {
  readonly kind: keyof typeof KINDS | undefined;
  readonly message: string;
}

const KINDS = { unavailable: WebGpuUnavailableError, none: NoAdapterError, lost: DeviceLostError };

/** In the worker: an error as a message. */
export function failureOf(error: unknown): Failure {
  const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];
  const message = error instanceof Error ? error.message : String(error);
  return { kind: kinds.find((kind) => error instanceof KINDS[kind]), message };
}

/** In the page: the error again. */
export function errorOf({ kind, message }: Failure): Error {
  return kind ? new KINDS[kind](message) : new Error(message);
}
