import { Parameter } from "../../../graph/parameter.ts";
import type { ForwardNode, Tensor } from "../../../graph/tensor.ts";
import { isRecurrentOp } from "../../../ops/recurrent/layer.ts";
import { inputsByName } from "../../../ops/recurrent/operands.ts";

/**
 * Recurrent layers' parameters that another op reads too, each with the other bias of its layer. The file has them once, in PyTorch's order, and the
 * operators read what is made of that: so they stay one parameter when the file is opened and trained. Others are stored as the operators read them.
 */
export function sharedIn(nodes: readonly ForwardNode[]): ReadonlySet<Tensor> {
  const shared = new Set<Tensor>();
  for (const { op, inputs } of nodes) {
    if (isRecurrentOp(op)) continue;
    for (const input of inputs) if (input instanceof Parameter && input.layout) shared.add(input);
  }
  for (const { op, inputs } of nodes) {
    if (!isRecurrentOp(op)) continue;
    const { biasIh, biasHh } = inputsByName(inputs);
    if (!biasIh || !biasHh || !(shared.has(biasIh) || shared.has(biasHh))) continue;
    for (const bias of [biasIh, biasHh]) if (bias instanceof Parameter) shared.add(bias);
  }
  return shared;
}
