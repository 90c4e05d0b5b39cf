import addSource from "../../shaders/add.wgsl?raw";
import { ShapeError } from "../errors.ts";
import { Kernel } from "../gpu/kernel.ts";
import { sameShape, showShape } from "../shape.ts";
import { dispatch, linearGrid, type Op } from "./op.ts";

export const addKernel = new Kernel({
  name: "add",
  source: addSource,
  workgroup: [64, 1, 1],
  params: { size: "u32" },
  bindings: { a: "read", b: "read", out: "read_write" },
});

/** a + b for two tensors of the same shape. Both inputs' gradient is the output's. */
export const add: Op<void> = {
  name: "add",
  infer([a, b]) {
    if (!sameShape(a!.shape, b!.shape)) {
      throw new ShapeError(
        `Tensor.add: both tensors must have the same shape, got ${showShape(a!.shape)} and ${showShape(b!.shape)}`,
      );
    }
    return { outputs: [{ shape: a!.shape }] };
  },
  forward({ inputs: [a, b], outputs: [out] }, _attributes, plan) {
    const size = out!.elements;
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
