import type { Parameter } from "../graph/parameter.ts";
import type { Dispatch, PlanSettings } from "../ops/op.ts";
import type { UpdateRange } from "../ops/update/parameter-update.ts";

/**
 * Parameters that one dispatch may update together where they lie side by side.
 * @internal
 */
export interface UpdatePart {
  readonly parameters: readonly Parameter[];
  /** Names of the buffers it keeps, each of the parameters' size (Adam: `exp_avg`, `exp_avg_sq`). */
  readonly buffers: readonly string[];
  /** The dispatch that updates one range of the flat buffers. */
  update(range: UpdateRange, plan: PlanSettings): Dispatch;
}

/** What updates parameters after a run: an optimizer of `optim`. */
export interface Updater {
  /** The parameters it updates, in order. */
  readonly parameters: readonly Parameter[];
  /** A step is planned again when this key has changed. @internal */
  readonly planKey: string;
  /** Plans the update of those of its parameters that have a gradient; they are placed on a device. @internal */
  updateParts(parameters: readonly Parameter[]): readonly UpdatePart[];
  /**
   * Called before every step with the parameters that it updates: counts the step.
   * @returns undoes the count, for a step whose update was skipped on the GPU.
   * @internal
   */
  beginStep(parameters: readonly Parameter[]): () => void;
}
