import type { Problem } from "./workload.ts";

/** A library that runs the workloads. */
export interface Contestant {
  readonly name: string;
  /** Builds the model with the problem's weights and runs the first step. */
  open(problem: Problem): Promise<Runner>;
}

/** A model that is ready to run steps. */
export interface Runner {
  /** Time until the first step is done (planning, compiling, one run), in ms. */
  readonly firstStepMs: number;
  /**
   * The result of the first step: the loss, or the last layer's final hidden state [B, H]. For a stream, the answer [B, H] to the
   * last time step of the problem.
   */
  readonly firstResult: Float32Array;
  /** The work of a step, as far as the contestant reports it. */
  readonly work: Work;
  /** Starts one step; may return before it is done. */
  step(): void;
  /** Settles when all started steps are done and their results are read back. */
  wait(): Promise<void>;
  /** Result of the latest step, as {@link firstResult}. */
  result(): Promise<Float32Array>;
  dispose(): void;
}

/** The work of one step on the adapter; a library may leave out what it does not report. */
export interface Work {
  /** Floating-point operations, a multiply-add counting 2. */
  readonly flops?: number;
  /** Kernel launches. */
  readonly dispatches?: number;
  /** Kernel launches, by kernel. */
  readonly kernels?: Readonly<Record<string, number>>;
  /** Live bytes by role, of the model and its step. */
  readonly bytes?: Readonly<Record<string, number>>;
  /** The largest number of live bytes during a step. */
  readonly peakBytes?: number;
  /** The plan, or how the library was used, for display. */
  readonly plan: string;
}
