import type { Problem } from "./workload.ts";

/** A library that can train the workloads. */
export interface Contestant {
  readonly name: string;
  /** Builds the model with the problem's weights, makes it ready and trains the first step. */
  open(problem: Problem): Promise<Trainee>;
}

/** A model in training. */
export interface Trainee {
  /** Time from the model to its first trained step (planning, compiling, one run), in ms. */
  readonly firstStepMs: number;
  /** Loss of the first step. */
  readonly firstLoss: number;
  /** What a step consists of, as far as the contestant can tell. */
  readonly work: Work;
  /** Starts one training step; may return before it is done. */
  step(): void;
  /** Settles when every step that was started is done. */
  wait(): Promise<void>;
  /** Loss of the latest step. */
  loss(): Promise<number>;
  dispose(): void;
}

/** What one training step asks of the adapter. */
export interface Work {
  /** Floating-point operations, a multiply-add counting 2. */
  readonly flops: number;
  /** Kernel launches. */
  readonly dispatches: number;
  /** Live bytes by role, of the model and its step. */
  readonly bytes: Readonly<Record<string, number>>;
  /** The plan, for people. */
  readonly plan: string;
}
