import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { dispatch, type Op } from "../op.ts";

export const padTexts = /* @__PURE__ */ new OnDemand(() => import("./pad.wgsl.ts"));

export const padForward = /* @__PURE__ */ new Kernel({
  name: "pad_forward",
  texts: padTexts,
  workgroup: [64, 1, 1],
  params: {
    outer: "u32",
    size: "u32",
    padded: "u32",
    inner: "u32",
    before: "u32",
    mode: "u32",
    value: "f32",
  },
  bindings: { x: "read", y: "read_write" },
});

/** Modes, by the number that the kernels know them by. */
export const PAD_MODES = ["constant", "reflect", "replicate", "circular"] as const;

/** What elements beyond an end are: a value, the elements before the end backward, the last one, or those from the other end on. */
export type PadMode = (typeof PAD_MODES)[number];

export interface PadAttributes {
  /** From 0. */
  readonly dim: number;
  /** Elements added at the start, and at the end; negative ones are taken away. */
  readonly before: number;
  readonly after: number;
  readonly mode: PadMode;
  readonly value: number;
}

/** What both kernels are told of x. */
export function padded(shape: Shape, { dim, before, after, mode }: PadAttributes) {
  const size = shape[dim]!;
  return {
    outer: sizeOf(shape.slice(0, dim)),
    size,
    padded: before + size + after,
    inner: sizeOf(shape.slice(dim + 1)),
    before,
    mode: PAD_MODES.indexOf(mode),
  };
}

/** Extends one dimension. */
export const pad: Op<PadAttributes> = {
  name: "pad",
  needs: () => [padTexts],
  infer([x], attributes) {
    const shape = [...x!.shape];
    shape[attributes.dim] = padded(shape, attributes).padded;
    return { outputs: [{ shape }] };
  },
  forward({ inputs: [x], outputs: [y] }, attributes, plan) {
    const size = sizeOf(y!.shape);
    return [
      dispatch({
        kernel: padForward,
        params: { ...padded(x!.shape, attributes), value: attributes.value },
        bindings: { x: x!, y: y! },
        grid: linearGrid(size, plan),
        flops: 0,
        bytes: 8 * size,
      }),
    ];
  },
};
