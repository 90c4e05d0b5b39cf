import { GraphError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { Buffer, Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import { OnDemand } from "../ondemand.ts";

const explanation = /* @__PURE__ */ new OnDemand(() => import("./left-out.ts"));

/** Throws a GraphError if the loss depends on a parameter that nobody has decided not to train. */
export async function checkLeftOut(
  graph: Graph,
  outputs: ReadonlyMap<string, Tensor>,
  trained: readonly Parameter[],
  minimize: string | undefined,
): Promise<void> {
  const isStray = (input: Tensor | null): input is Parameter =>
    input instanceof Parameter &&
    !(input instanceof Buffer) &&
    !input.givenBy &&
    input.requiresGrad &&
    !trained.includes(input);
  const strays = graph.nodes.flatMap((node) => (node.kind === "forward" ? node.inputs : [])).filter(isStray);
  if (strays.length === 0) return;
  await explanation.load();
  const message = explanation.module.leftOut(graph, outputs, new Set(strays), trained, minimize);
  if (message) throw new GraphError(message);
}
