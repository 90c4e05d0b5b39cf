/** Softmax and its logarithm. */
import type { Tensor } from "../../../graph/tensor.ts";
import { sizeOf } from "../../../shape.ts";
import type { Operator } from "../call.ts";

/** Along an axis; before version 13 over all axes from that one on. */
function softmax(apply: (x: Tensor, dim: number) => Tensor): Operator {
  return (call) => {
    const { dtype } = call.value(0);
    const tensor = call.tensor(0);
    const { shape } = tensor;
    const along = call.axis(call.int("axis", call.opset >= 13 ? -1 : 1), shape.length);
    if (call.opset >= 13) return [call.device(dtype, apply(tensor, along))];
    const flat = tensor.reshape([sizeOf(shape.slice(0, along)), sizeOf(shape.slice(along))]);
    return [call.device(dtype, apply(flat, 1).reshape(shape))];
  };
}

export const softmaxes: Readonly<Record<string, Operator>> = {
  Softmax: softmax((x, dim) => x.softmax(dim)),
  LogSoftmax: softmax((x, dim) => x.logSoftmax(dim)),
};
