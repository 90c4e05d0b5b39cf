import { checkFinite, checkInteger, checkOptions, show } from "../checks.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { type NDArray, type Shape, showShape, sizeOf } from "../shape.ts";
import { isArray, sliceSamples } from "./batches.ts";
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
  given: NDArray | { readonly data: Float64Array; readonly shape: Shape },
  options: PredictOptions,
): Promise<NDArray> {
  checkOptions(where, options, ["batchSize"]);
  const { batchSize = 256 } = options;
  checkInteger(where, "batchSize", batchSize);
  const doubles = (given as { readonly data?: unknown } | undefined)?.data;
  const x = doubles instanceof Float64Array ? { ...given, data: Float32Array.from(doubles) } : given;
  if (!isArray(x)) {
    throw new OptionError(
      `${where}: expected { data, shape } with a Float32Array or Float64Array, got ${show(given)}`,
    );
  }
  const [samples] = x.shape;
  if (!samples || sizeOf(x.shape) !== x.data.length) {
    throw new ShapeError(
      `${where}: expected at least one sample and data that fills the shape, got ` +
        `${showShape(x.shape)} with ${x.data.length} values`,
    );
  }
  checkFinite(where, "x", x.data);
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
