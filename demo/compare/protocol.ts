/** The messages between the page and a library's worker. */
import type { Workload } from "../../tasks/workloads/workload.ts";

export type Library = "webgpu-lstm" | "tfjs-webgpu" | "tfjs-wasm";

/** The names that the page shows. */
export const NAMES: Readonly<Record<Library, string>> = {
  "webgpu-lstm": "webgpu-lstm",
  "tfjs-webgpu": "TensorFlow.js, WebGPU",
  "tfjs-wasm": "TensorFlow.js, WASM",
};

export type Request = {
  readonly id: number;
} /** With `race`, a course of the race (course.ts), else the workload's own problem. */ & (
  | { readonly kind: "open"; readonly library: Library; readonly workload: Workload; readonly race?: boolean }
  /** Times `count` steps; the answer is the mean in ms. */
  | { readonly kind: "sample"; readonly count: number }
  /** Trains for at least `ms`, one step after another; the answer is {@link Steps}. */
  | { readonly kind: "train"; readonly ms: number }
  | { readonly kind: "close" }
);

/** A model that is ready and has done its first step. */
export interface Opening {
  /** Time until the first step is done, in ms. */
  readonly firstStepMs: number;
  /** The loss; for an inference, the output. */
  readonly firstResult: Float32Array;
  /** Kernel launches in a step, if the library reports them. */
  readonly dispatches?: number;
  /** This library's adapter. */
  readonly adapter?: { readonly name: string; readonly software: boolean };
}

/** Steps of training, each of which was waited for with its loss. */
export interface Steps {
  /** The time at each step's end, in ms since the first one's start. */
  readonly times: readonly number[];
  readonly losses: readonly number[];
}

export interface Failure {
  readonly name: string;
  readonly message: string;
  /** Whether the library itself could not be loaded or started. */
  readonly loading: boolean;
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: Failure;
}
