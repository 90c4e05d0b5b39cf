import { checkInteger } from "../../checks.ts";
import type { FrozenTrial } from "../frozen-trial.ts";
import type { Direction } from "../operations.ts";

/** At which steps a pruner decides. */
export interface StepOptions {
  /** Steps below this are not judged. Default 0. */
  readonly warmupSteps?: number;
  /** Distance of the judged steps from each other, counted from the end of the warm-up. Default 1. */
  readonly intervalSteps?: number;
}

/** The options' values, checked. */
export function stepsOf(where: string, options: StepOptions): Required<StepOptions> {
  const { warmupSteps = 0, intervalSteps = 1 } = options;
  checkInteger(where, "warmupSteps", warmupSteps, 0);
  checkInteger(where, "intervalSteps", intervalSteps);
  return { warmupSteps, intervalSteps };
}

/** The trial's last step if it is the first report since a step that is judged; otherwise `null`. */
export function judgedStep(
  { lastStep, intermediateValues }: FrozenTrial,
  { warmupSteps, intervalSteps }: Required<StepOptions>,
): number | null {
  if (lastStep === null || lastStep < warmupSteps) return null;
  const due = Math.floor((lastStep - warmupSteps) / intervalSteps) * intervalSteps + warmupSteps;
  let before = -1;
  for (const step of intermediateValues.keys()) if (step > before && step !== lastStep) before = step;
  return before < due ? lastStep : null;
}

/** The best of the values that are numbers; NaN if none is. */
export function bestOf(values: Iterable<number>, direction: Direction): number {
  let best = Number.NaN;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (Number.isNaN(best) || (direction === "maximize" ? value > best : value < best)) best = value;
  }
  return best;
}
