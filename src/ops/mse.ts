import backwardSource from "../../shaders/mse_backward.wgsl?raw";
import forwardSource from "../../shaders/mse_forward.wgsl?raw";
import reduceSource from "../../shaders/reduce_sum.wgsl?raw";
import { ShapeError } from "../errors.ts";
import { Kernel } from "../gpu/kernel.ts";
import { sameShape, showShape, sizeOf } from "../shape.ts";
import { dispatch, linearGrid, type Op } from "./op.ts";

export const mseForward = new Kernel({
  name: "mse_forward",
  source: forwardSource,
  workgroup: [64, 1, 1],
  params: { size: "u32", chunk: "u32", partials: "u32", scale: "f32" },
  bindings: { prediction: "read", expected: "read", partial: "read_write" },
});

export const mseBackward = new Kernel({
  name: "mse_backward",
  source: backwardSource,
  workgroup: [64, 1, 1],
  params: { size: "u32", scale: "f32" },
  bindings: { prediction: "read", expected: "read", gradLoss: "read", grad: "read_write" },
});

export const reduceSum = new Kernel({
  name: "reduce_sum",
  source: reduceSource,
  workgroup: [64, 1, 1],
  params: { size: "u32" },
  bindings: { partial: "read", out: "read_write" },
});

export interface MseAttributes {
  readonly reduction: "mean" | "sum";
}

const MAX_PARTIALS = 1024;
const MIN_CHUNK = 16;

/** Mean or sum of squared errors. Inputs: prediction and target of one shape; output: a scalar. */
export const mse: Op<MseAttributes> = {
  name: "mse",
  infer([prediction, target]) {
    if (!sameShape(prediction!.shape, target!.shape)) {
      throw new ShapeError(
        `MSELoss.forward: prediction and target must have the same shape, got ${showShape(prediction!.shape)} and ` +
          `${showShape(target!.shape)}; reshape one of them`,
      );
    }
    return { outputs: [{ shape: [] }] };
  },
  forward({ inputs: [prediction, target], outputs: [loss] }, { reduction }, plan) {
    const size = sizeOf(prediction!.shape);
    const chunk = Math.max(MIN_CHUNK, Math.ceil(size / MAX_PARTIALS));
    const partials = Math.ceil(size / chunk);
    const partial = plan.temporary([partials]);
    return [
      dispatch({
        kernel: mseForward,
        params: { size, chunk, partials, scale: reduction === "mean" ? 1 / size : 1 },
        bindings: { prediction: prediction!, expected: target!, partial },
        grid: linearGrid(partials, plan),
        flops: 3 * size,
        bytes: 8 * size,
      }),
      dispatch({
        kernel: reduceSum,
        params: { size: partials },
        bindings: { partial, out: loss! },
        grid: [1, 1, 1],
        flops: partials,
        bytes: 4 * partials,
      }),
    ];
  },
  backward({ inputs: [prediction, target], gradOutputs: [gradLoss], gradInputs }, { reduction }, plan) {
    const size = sizeOf(prediction!.shape);
    const scale = reduction === "mean" ? 2 / size : 2;
    return gradInputs.flatMap((grad, i) =>
      grad
        ? [
            dispatch({
              kernel: mseBackward,
              params: { size, scale: i === 0 ? scale : -scale },
              bindings: { prediction: prediction!, expected: target!, gradLoss: gradLoss!, grad },
              grid: linearGrid(size, plan),
              flops: 2 * size,
              bytes: 12 * size,
            }),
          ]
        : [],
    );
  },
};
