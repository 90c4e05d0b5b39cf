import { GraphError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { Buffer, Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import { OnDemand } from "../ondemand.ts";

const explanation = /* @__PURE__ */ new OnDemand(() => import("./left-out.ts"));

/** Parameters of a trace that the optimizer does not have, that are not frozen, and that no module has given. */
export function straysOf(graph: Graph, trained: readonly Parameter[]): Parameter[] {
  const isStray = (input: Tensor | null): input is Parameter =>
    input instanceof Parameter &&
    !(input instanceof Buffer) &&
    !input.givenBy &&
    input.requiresGrad &&
    !trained.includes(input);
  return graph.nodes.flatMap((node) => (node.kind === "forward" ? node.inputs.filter(isStray) : []));
}

/**
 * Throws a GraphError if the loss depends on a parameter that nobody has decided not to train.
 * @returns The strays that may be.
 */
export async function checkLeftOut(
  graph: Graph,
  outputs: ReadonlyMap<string, Tensor>,
  trained: readonly Parameter[],
  minimize: string | undefined,
): Promise<readonly Parameter[]> {
  const strays = straysOf(graph, trained);
  if (strays.length === 0) return strays;
  await explanation.load();
  const message = explanation.module.leftOut(graph, outputs, new Set(strays), trained, minimize);
  if (message) throw new GraphError(message);
  return strays;
}
