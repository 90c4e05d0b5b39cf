import { Kernel } from "../../gpu/kernel.ts";
import { sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { type BackwardPass, dispatch } from "../op.ts";
import { type PadAttributes, padded, padTexts } from "./pad.ts";

export const padBackward = /* @__PURE__ */ new Kernel({
  name: "pad_backward",
  texts: padTexts,
  workgroup: [64, 1, 1],
  params: { outer: "u32", size: "u32", padded: "u32", inner: "u32", before: "u32", mode: "u32" },
  bindings: { gradY: "read", gradX: "read_write" },
});

/** Adds up the gradients of the places that an element was copied to. */
export const padPass: BackwardPass<PadAttributes> = (
  { inputs: [x], gradOutputs: [gradY], gradInputs: [gradX] },
  attributes,
  plan,
) => {
  const size = sizeOf(x!.shape);
  return [
    dispatch({
      kernel: padBackward,
      params: padded(x!.shape, attributes),
      bindings: { gradY: gradY!, gradX: gradX! },
      grid: linearGrid(size, plan),
      flops: size,
      bytes: 8 * size,
    }),
  ];
};
