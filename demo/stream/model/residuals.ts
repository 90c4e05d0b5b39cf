/** The residuals of a model on a lesson's held-out recordings. */
import type { Lesson } from "./lesson.ts";
import { WARM_UP } from "./model.ts";

/**
 * The differences between values and their predictions, in the signal's unit: of every recording at one step, then of the next step.
 * @param step Predicts the next value of each recording from the current ones, in the signal's unit; its state is zero at first
 */
export async function heldOutResiduals(
  { heldOut, scale: { mean, std } }: Lesson,
  step: (values: Float32Array) => Promise<Float32Array>,
): Promise<Float32Array> {
  const found: number[] = [];
  let predicted: Float32Array | undefined;
  for (let t = 0; t < heldOut[0]!.length; t++) {
    const values = Float32Array.from(heldOut, (recording) => recording[t]! * std + mean);
    if (predicted && t >= WARM_UP) found.push(...values.map((value, n) => value - predicted![n]!));
    predicted = await step(values);
  }
  return Float32Array.from(found);
}
