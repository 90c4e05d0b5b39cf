import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { dispatch, flag, type Op, type Operand } from "../op.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./interpolate.wgsl.ts"));

const params = { rows: "u32", length: "u32", outLength: "u32", linear: "u32" } as const;

export const interpolateForward = /* @__PURE__ */ new Kernel({
  name: "interpolate_forward",
  texts,
  workgroup: [64, 1, 1],
  params,
  bindings: { x: "read", places: "read", weights: "read", y: "read_write" },
});

export const interpolateBackward = /* @__PURE__ */ new Kernel({
  name: "interpolate_backward",
  texts,
  workgroup: [64, 1, 1],
  params,
  bindings: { gradY: "read", starts: "read", weights: "read", gradX: "read_write" },
});

function sizes({ shape }: Operand, places: Operand, weights: Operand | null) {
  return {
    rows: sizeOf(shape.slice(0, -1)),
    length: shape[shape.length - 1]!,
    outLength: places.shape[0]!,
    linear: flag(weights),
  };
}

/** What an interpolation is called in a file; the places say all that is computed. */
export interface Interpolation {
  readonly outLength: number;
  /** Elements of the output for each element of the input, where that is not `outLength` divided by the length. */
  readonly scale: number | undefined;
  readonly mode: "nearest" | "linear";
  /** ONNX's `coordinate_transformation_mode`. */
  readonly coordinates: string;
  /** ONNX's `nearest_mode`. */
  readonly rounding: string;
}

/**
 * Reads the last dimension at places between its elements. Inputs, all but x constants: x [*, L]; places [L'], the elements on the left, in
 * order; starts [L + 1], the first place of each element or a later one; weights [L'] of the elements on the right, or null for none.
 */
export const interpolate: Op<Interpolation> = {
  name: "interpolate",
  infer: ([x, places]) => ({ outputs: [{ shape: [...x!.shape.slice(0, -1), places!.shape[0]!] }] }),
  forward({ inputs: [x, places, , weights], outputs: [y] }, _, plan) {
    const size = y!.elements;
    return [
      dispatch({
        kernel: interpolateForward,
        params: sizes(x!, places!, weights ?? null),
        bindings: { x: x!, places: places!, weights: weights ?? null, y: y! },
        grid: linearGrid(size, plan),
        flops: 4 * size,
        bytes: 4 * (x!.elements + size),
      }),
    ];
  },
  backward({ inputs: [x, places, starts, weights], gradOutputs: [gradY], gradInputs: [gradX] }, _, plan) {
    const size = x!.elements;
    return [
      dispatch({
        kernel: interpolateBackward,
        params: sizes(x!, places!, weights ?? null),
        bindings: { gradY: gradY!, starts: starts!, weights: weights ?? null, gradX: gradX! },
        grid: linearGrid(size, plan),
        flops: 4 * gradY!.elements,
        bytes: 4 * (size + 2 * gradY!.elements),
      }),
    ];
  },
};
