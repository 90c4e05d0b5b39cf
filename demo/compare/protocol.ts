/** What the page and a library's worker say to each other. */
import type { Workload } from "../../tasks/workloads/workload.ts";

export type Library = "webgpu-lstm" | "tfjs-webgpu" | "tfjs-wasm";

/** Names for people. */
export const NAMES: Readonly<Record<Library, string>> = {
  "webgpu-lstm": "webgpu-lstm",
  "tfjs-webgpu": "TensorFlow.js, WebGPU",
  "tfjs-wasm": "TensorFlow.js, WASM",
};

export type Request = { readonly id: number } & (
  | { readonly kind: "open"; readonly library: Library; readonly workload: Workload }
  /** Times so many steps; the answer is the mean in ms. */
  | { readonly kind: "sample"; readonly count: number }
  | { readonly kind: "close" }
);

/** A model that is ready and has done its first step. */
export interface Opening {
  /** From the model to its first step done, in ms. */
  readonly firstStepMs: number;
  /** The loss; of an inference the output. */
  readonly firstResult: Float32Array;
  /** Kernel launches a step, where the library tells. */
  readonly dispatches?: number;
  /** Of this library. */
  readonly adapter?: { readonly name: string; readonly software: boolean };
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
