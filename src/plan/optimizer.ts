import type { Parameter } from "../graph/parameter.ts";
import type { Dispatch, PlanSettings } from "../ops/op.ts";
import type { UpdateRange } from "../ops/update/parameter-update.ts";

/** Parameters that one dispatch may update together where they lie side by side. */
export interface UpdatePart {
  readonly parameters: readonly Parameter[];
  /** Names of the buffers of the parameters' size that it keeps (Adam: `exp_avg`, `exp_avg_sq`). */
  readonly buffers: readonly string[];
  /** The dispatch that updates one range of the flat buffers. */
  update(range: UpdateRange, plan: PlanSettings): Dispatch;
}

/** What the scheduler asks of an optimizer. */
export interface Optimizer {
  /** The parameters it updates, in order. */
  readonly parameters: readonly Parameter[];
  /** What a plan of the update depends on: a step that was planned when it was another is planned anew. */
  readonly planKey: string;
  /** How it updates these of its parameters, which have a gradient and are placed on a device. */
  planUpdate(parameters: readonly Parameter[]): readonly UpdatePart[];
  /**
   * Called before every step with the parameters that it updates; what changes from step to step is computed from here.
   * @returns takes the step back, for one that turns out to have been left out.
   */
  beginStep(parameters: readonly Parameter[]): () => void;
}
