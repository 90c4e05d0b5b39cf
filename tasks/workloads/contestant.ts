import type { Problem } from "./workload.ts";

/** A library that can do the workloads. */
export interface Contestant {
  readonly name: string;
  /** Builds the model with the problem's weights, makes it ready and does the first step. */
  open(problem: Problem): Promise<Runner>;
}

/** A model at work. */
export interface Runner {
  /** Time from the model to its first step done (planning, compiling, one run), in ms. */
  readonly firstStepMs: number;
  /**
   * Of the first step: the loss, one number; or the last layer's final hidden state [B, H]. Of a stream: the answer [B, H] to the
   * last of the problem's time steps.
   */
  readonly firstResult: Float32Array;
  /** What a step consists of, as far as the contestant can tell. */
  readonly work: Work;
  /** Starts one step; may return before it is done. */
  step(): void;
  /** Settles when every step that was started is done, and what a step has to read back is there. */
  wait(): Promise<void>;
  /** Result of the latest step, as {@link firstResult}. */
  result(): Promise<Float32Array>;
  dispose(): void;
}

/** What one step asks of the adapter; what a library does not tell is missing. */
export interface Work {
  /** Floating-point operations, a multiply-add counting 2. */
  readonly flops?: number;
  /** Kernel launches. */
  readonly dispatches?: number;
  /** Kernel launches by kernel. */
  readonly kernels?: Readonly<Record<string, number>>;
  /** Live bytes by role, of the model and its step. */
  readonly bytes?: Readonly<Record<string, number>>;
  /** The most bytes that were live during a step. */
  readonly peakBytes?: number;
  /** The plan, or how the library was used, for people. */
  readonly plan: string;
}
