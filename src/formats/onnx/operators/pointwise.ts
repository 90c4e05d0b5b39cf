/** Operators of one operand, element by element, and softmax. */
import type { Tensor } from "../../../graph/tensor.ts";
import { sizeOf } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { mapped } from "../host.ts";
import { isHost } from "../value.ts";

/** An operator of one operand whose result has its type. */
function pointwise(onDevice: (x: Tensor, call: Call) => Tensor, onHost: (x: number) => number): Operator {
  return (call) => {
    const x = call.value(0);
    if (isHost(x)) return [mapped(x.dtype, [x], onHost)];
    return [call.device(x.dtype, onDevice(x.tensor, call))];
  };
}

const identity: Operator = (call) => [call.value(0)];

/** Dropout of a model that is used: the identity, and a mask of ones. */
const dropout: Operator = (call) => {
  const x = call.value(0);
  if (call.opset >= 12 && call.optional(2) && call.list(2, "training_mode")[0] === 1) {
    throw call.refuse(
      "dropout with training_mode true is not computed here; export the model in evaluation mode",
    );
  }
  const shape = call.shape(0);
  return [x, { dtype: "BOOL", shape, data: new Float64Array(sizeOf(shape)).fill(1) }];
};

/** Softmax along an axis; before version 13 over all axes from that one on. */
function softmax(apply: (x: Tensor, dim: number) => Tensor): Operator {
  return (call) => {
    const x = call.value(0);
    const tensor = call.toTensor(x);
    const { shape } = tensor;
    const along = call.axis(call.int("axis", call.opset >= 13 ? -1 : 1), shape.length);
    if (call.opset >= 13) return [call.device(x.dtype, apply(tensor, along))];
    const flat = tensor.reshape([sizeOf(shape.slice(0, along)), sizeOf(shape.slice(along))]);
    return [call.device(x.dtype, apply(flat, 1).reshape(shape))];
  };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export const pointwises: Readonly<Record<string, Operator>> = {
  Identity: identity,
  Dropout: dropout,
  Neg: pointwise(
    (x) => x.neg(),
    (x) => -x,
  ),
  Relu: pointwise(
    (x) => x.relu(),
    (x) => (x < 0 ? 0 : x),
  ),
  Tanh: pointwise((x) => x.tanh(), Math.tanh),
  Sigmoid: pointwise((x) => x.sigmoid(), sigmoid),
  Exp: pointwise((x) => x.exp(), Math.exp),
  Log: pointwise((x) => x.log(), Math.log),
  Softmax: softmax((x, dim) => x.softmax(dim)),
  LogSoftmax: softmax((x, dim) => x.logSoftmax(dim)),
};
