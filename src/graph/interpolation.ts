import { show } from "../checks.ts";
import { GraphError, ShapeError } from "../errors.ts";
import { type Interpolation, interpolate as interpolateOp } from "../ops/layer/interpolate.ts";
import { showShape } from "../shape.ts";
import { apply, recording, Tensor } from "./tensor.ts";

/** How an output's places lie in the input. */
interface InterpolateOptions {
  readonly outLength: number;
  /** The output's length for each element of the input, where it is not `outLength` divided by the length. */
  readonly scale?: number | undefined;
  readonly mode: "nearest" | "linear";
  /** Whether the first and the last elements keep their places. Default false. */
  readonly alignCorners?: boolean;
}

/** The element that an output's place is nearest to; in float32, as PyTorch computes it. */
function nearest(place: number, length: number, { outLength, scale }: InterpolateOptions): number {
  if (outLength === length) return place;
  if (outLength === 2 * length) return place >> 1;
  const step = Math.fround(scale === undefined ? length / outLength : 1 / scale);
  return Math.min(Math.floor(Math.fround(place * step)), length - 1);
}

/** An output's place in elements of the input. */
function between(place: number, length: number, options: InterpolateOptions): number {
  const { outLength, scale, alignCorners } = options;
  if (outLength === length) return place;
  if (alignCorners) return outLength > 1 ? (place * (length - 1)) / (outLength - 1) : 0;
  const step = scale === undefined ? length / outLength : 1 / scale;
  return Math.max(step * (place + 0.5) - 0.5, 0);
}

/**
 * Another number of elements along the last dimension, as `torch.nn.functional.interpolate`.
 * @param x [N, C, L] @returns [N, C, outLength]
 */
export function interpolate(where: string, x: Tensor, options: InterpolateOptions): Tensor {
  if (!(x instanceof Tensor))
    throw new GraphError(`${where}: expected a tensor of this trace, got ${show(x)}`);
  const { outLength, mode, scale, alignCorners } = options;
  if (x.shape.length !== 3) {
    throw new ShapeError(`${where}: the input must be [batch, channels, length], got ${showShape(x.shape)}`);
  }
  if (outLength < 1) {
    throw new ShapeError(`${where}: nothing is left of ${showShape(x.shape)}; use a larger scaleFactor`);
  }
  const isLinear = mode === "linear";
  const placeOf = isLinear ? between : nearest;
  const length = x.shape[2]!;
  const places = Array.from({ length: outLength }, (_, place) => placeOf(place, length, options));
  const coordinates = alignCorners ? "align_corners" : isLinear ? "half_pixel" : "asymmetric";
  return interpolateAt(where, x, places, { outLength, scale, mode, coordinates, rounding: "floor" });
}

/**
 * Reads the last dimension at other places, which do not decrease.
 * @param x [*, L]
 * @param places From 0 to L - 1; between two elements only if linear.
 * @returns [*, places]
 */
export function interpolateAt(
  where: string,
  x: Tensor,
  places: readonly number[],
  attributes: Interpolation,
): Tensor {
  const { length: outLength } = places;
  const length = x.shape[x.shape.length - 1]!;
  const lefts = Float32Array.from(places, (place) => Math.min(Math.floor(place), length - 1));
  const starts = new Float32Array(length + 1).fill(outLength);
  for (let place = outLength - 1, i = length; place >= 0; place--) {
    i = Math.min(i, lefts[place]!);
    starts[i] = place;
  }
  for (let i = length - 1; i >= 0; i--) starts[i] = Math.min(starts[i]!, starts[i + 1]!);
  const weights =
    attributes.mode === "linear" ? Float32Array.from(places, (place, i) => place - lefts[i]!) : null;
  const recorder = recording.current(where);
  const constant = (values: Float32Array) => recorder.literal(values, [values.length]);
  const tables = [constant(lefts), constant(starts), weights && constant(weights)];
  return apply(where, interpolateOp, [x, ...tables], attributes)[0]!;
}
