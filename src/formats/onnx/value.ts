/** Values of a graph while it is traced: on the host, or tensors of the trace. */
import { recording, type Tensor } from "../../graph/tensor.ts";
import type { SafetensorsDtype } from "../../io/dtypes.ts";
import { type Shape, showShape } from "../../shape.ts";
import { codeOf, dtypeName } from "./dtype.ts";
import type { HostTensor } from "./host.ts";

/** A tensor of the trace; its numbers are float32 there, whatever their type in the model. */
interface DeviceTensor {
  readonly dtype: SafetensorsDtype;
  readonly tensor: Tensor;
}

export type Value = HostTensor | DeviceTensor;

export function isHost(value: Value): value is HostTensor {
  return "data" in value;
}

export function shapeOf(value: Value): Shape {
  return isHost(value) ? value.shape : value.tensor.shape;
}

/** A constant of the trace. Unlike `tensor()` it may hold infinities, as masks do. */
export function literal(values: ArrayLike<number>, shape: Shape): Tensor {
  return recording.current("OnnxModel.forward").literal(Float32Array.from(values), shape);
}

/** `float [2, 3]`, for messages. */
export function describe(value: Value): string {
  return `${dtypeName(codeOf(value.dtype))} ${showShape(shapeOf(value))}`;
}
