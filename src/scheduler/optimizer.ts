import type { Parameter } from "../graph/parameter.ts";
import type { Dispatch, FlatRange, PlanContext } from "../ops/op.ts";

/** What the scheduler asks of an optimizer. */
export interface Optimizer {
  /** The parameters it updates, in order. */
  readonly parameters: readonly Parameter[];
  /** How many buffers of the parameters' size it keeps (Adam: 2). */
  readonly stateCount: number;
  /** The dispatches that update one range of the flat buffers. */
  update(range: FlatRange, plan: PlanContext): Dispatch[];
  /** Called before every step; what changes from step to step is computed from here. */
  beginStep(): void;
}
