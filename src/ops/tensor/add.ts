import { Kernel } from "../../gpu/kernel.ts";
import { baseTexts } from "../base-texts.ts";
import { linearGrid } from "../grid.ts";
import { dispatch, type Op } from "../op.ts";

export const addKernel = /* @__PURE__ */ new Kernel({
  name: "add",
  texts: baseTexts,
  workgroup: [64, 1, 1],
  params: { size: "u32" },
  bindings: { a: "read", b: "read", out: "read_write" },
});

/**
 * a + b for two tensors of one shape, already broadcast. Both inputs' gradient is the output's. Also adds up gradients, in the
 * kernels' element order.
 */
export const add: Op<void> = {
  name: "add",
  infer: ([a]) => ({ outputs: [{ shape: a!.shape }] }),
  forward({ inputs: [a, b], outputs: [out] }, _attributes, plan) {
    const size = a!.elements;
    return [
      dispatch({
        kernel: addKernel,
        params: { size },
        bindings: { a: a!, b: b!, out: out! },
        grid: linearGrid(size, plan),
        flops: size,
        bytes: 12 * size,
      }),
    ];
  },
};
