import { apply, type Tensor } from "../../graph/tensor.ts";
import { gateLayout } from "../../nn/gate-layout.ts";
import { packGates } from "../../ops/recurrent/pack-gates.ts";
import type { Call } from "./call.ts";
import { isHost, literal, type Value } from "./value.ts";

/**
 * A recurrent weight or bias with its gates in ONNX's order, as the kernels read it. One that is known is packed here; a parameter is packed
 * in every run, so that it can be trained.
 */
export function packed(
  call: Call,
  value: Value,
  slots: readonly number[],
  width: 1 | 4,
  hidden: number,
): Tensor {
  const layout = gateLayout(slots, width, hidden);
  let tensor: Tensor;
  if (isHost(value)) tensor = literal(layout.pack(Float32Array.from(value.data)), value.shape);
  else tensor = apply(call.node.operator, packGates, [value.tensor], { slots, width, hidden })[0]!;
  tensor.layout = layout;
  return tensor;
}
