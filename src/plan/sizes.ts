import { checkFits } from "../gpu/buffer.ts";
import type { DeviceLimits } from "../gpu/limits.ts";
import type { Graph } from "../graph/graph.ts";
import { Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import { showShape } from "../shape.ts";

/** Throws a ShapeError for an input or a parameter that no buffer holds: before the ops are planned, whose errors would not name it. */
export function checkSizes(
  { nodes }: Graph,
  inputs: ReadonlyMap<string, Tensor>,
  { maxStorage }: DeviceLimits,
): void {
  for (const [name, { elements }] of inputs) checkFits(maxStorage, "input", elements * 4, `input ${name}`);
  for (const tensor of nodes.flatMap((node) => (node.kind === "forward" ? node.inputs : []))) {
    if (!(tensor instanceof Parameter)) continue;
    checkFits(maxStorage, "parameter", tensor.elements * 4, `parameters ${showShape(tensor.shape)}`);
  }
}
