/** Resize and Upsample: other numbers of elements, one axis after the other. */
import { interpolateAt } from "../../../graph/interpolation.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Call, Operator } from "../call.ts";

/** How an axis is resized. */
interface Resizing {
  readonly length: number;
  readonly outLength: number;
  readonly scale: number;
}

/** Most elements of an axis: the places of all are computed on the host. */
const LONGEST = 2 ** 24;

/** Where an output's place lies in the input, by `coordinate_transformation_mode`. In float32, as ONNX Runtime computes it. */
const COORDINATES: Readonly<Record<string, (place: number, axis: Resizing) => number>> = {
  half_pixel: (place, { scale }) => Math.fround((place + 0.5) / scale) - 0.5,
  pytorch_half_pixel: (place, { scale, outLength }) =>
    outLength > 1 ? Math.fround((place + 0.5) / scale) - 0.5 : 0,
  half_pixel_symmetric: (place, { length, scale, outLength }) => {
    const offset = (length / 2) * (1 - outLength / (scale * length));
    return Math.fround(offset + (place + 0.5) / scale) - 0.5;
  },
  align_corners: (place, { length, outLength }) =>
    outLength > 1 ? Math.fround((place * (length - 1)) / (outLength - 1)) : 0,
  asymmetric: (place, { scale }) => Math.fround(place / scale),
  tf_half_pixel_for_nn: (place, { scale }) => Math.fround((place + 0.5) / scale),
};

/** The element that is nearest, by `nearest_mode`. */
const ROUNDINGS: Readonly<Record<string, (place: number) => number>> = {
  round_prefer_floor: (place) => Math.ceil(place - 0.5),
  round_prefer_ceil: (place) => Math.floor(place + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** The scales and sizes that an operator of any version has; one of them is `null`. */
function wanted(call: Call): readonly [scales: number[] | null, sizes: number[] | null] {
  if (call.opset < 9) return [call.floats("scales"), null];
  const scales = call.optionalList(call.opset < 11 ? 1 : 2, "the scales");
  // Versions 11 and 12 have an empty list in place of none.
  if (scales?.length || call.opset < 11) return [scales, null];
  return [null, call.optionalList(3, "the sizes")];
}

const resize: Operator = (call) => {
  const hasModes = call.opset >= 11;
  const mode = call.text("mode", "nearest");
  call.only("mode", mode, ["nearest", "linear"]);
  const coordinates = hasModes ? call.text("coordinate_transformation_mode", "half_pixel") : "asymmetric";
  call.only("coordinate_transformation_mode", coordinates, Object.keys(COORDINATES));
  const rounding = hasModes ? call.text("nearest_mode", "round_prefer_floor") : "floor";
  call.only("nearest_mode", rounding, Object.keys(ROUNDINGS));
  call.only("antialias", call.int("antialias", 0), [0]);
  call.only("keep_aspect_ratio_policy", call.text("keep_aspect_ratio_policy", "stretch"), ["stretch"]);
  let x: Tensor = call.tensor(0);
  const axes = call.axes(call.ints("axes") ?? x.shape.map((_, axis) => axis), x.shape.length);
  const [scales, sizes] = wanted(call);
  const given = scales ?? sizes ?? [];
  if (given.length !== axes.length)
    throw call.refuse(`it must have ${axes.length} scales or sizes, got ${given.length}`);
  for (const [i, axis] of axes.entries()) {
    const length = x.shape[axis]!;
    const exact = sizes ? sizes[i]! : Math.fround(length * scales![i]!);
    const outLength = Math.floor(exact);
    const scale = sizes ? outLength / length : scales![i]!;
    if (!(outLength >= 1 && outLength <= LONGEST))
      throw call.refuse(`axis ${axis} of ${length} elements cannot become one of ${exact}`);
    if (coordinates === "align_corners" && exact !== outLength) {
      throw call.refuse(
        `with align_corners, a scale that gives ${exact} of ${length} elements means one thing in ONNX and another in PyTorch; export ` +
          "the model with sizes",
      );
    }
    // Axes that are named are resized to any length.
    if (scales ? scale === 1 : outLength === length && !call.has("axes")) continue;
    const resizing = { length, outLength, scale: Math.fround(scale) };
    const isLinear = mode === "linear";
    const places = Array.from({ length: outLength }, (_, out) => {
      const place = COORDINATES[coordinates]!(out, resizing);
      return Math.min(Math.max(isLinear ? place : ROUNDINGS[rounding]!(place), 0), length - 1);
    });
    const attributes = {
      outLength,
      scale: scales?.[i],
      mode: isLinear ? "linear" : "nearest",
      coordinates,
      rounding,
    } as const;
    x = interpolateAt("Resize", x.transpose(axis, -1), places, attributes).transpose(axis, -1);
  }
  return [call.device(call.value(0).dtype, x)];
};

export const resizings: Readonly<Record<string, Operator>> = { Resize: resize, Upsample: resize };
