import { type NestedNumbers, type NumberNDArray, toSamples } from "../arrays.ts";
import { checkInteger, checkOptions } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import type { NDArray } from "../shape.ts";
import { sliceSamples } from "./batches.ts";
import type { TrainerSteps } from "./steps.ts";

/** Options of `Trainer.predict`. */
export interface PredictOptions {
  /** Samples computed at a time. Default 256. */
  readonly batchSize?: number;
}

/** The model's outputs for the samples of `x` [N, …], `batchSize` at a time. */
export async function predict(
  where: string,
  steps: TrainerSteps,
  given: NumberNDArray | NestedNumbers,
  options: PredictOptions,
): Promise<NDArray> {
  checkOptions(where, options, ["batchSize"]);
  const { batchSize = 256 } = options;
  checkInteger(where, "batchSize", batchSize);
  const x = toSamples(where, "x", given);
  const [samples] = x.shape;
  if (!samples) throw new ShapeError(`${where}: x must have samples in its first dimension, got a scalar`);
  const parts: NDArray[] = [];
  for (let from = 0; from < samples; from += batchSize) {
    const part = sliceSamples(x, from, Math.min(from + batchSize, samples));
    const step = await steps.predict(part);
    parts.push(await step.run({ x: part })["prediction"]!.read());
  }
  const data = new Float32Array(parts.reduce((size, part) => size + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, shape: [samples, ...parts[0]!.shape.slice(1)] };
}
