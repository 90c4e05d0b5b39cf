import { show } from "../checks.ts";
import { GraphError } from "../errors.ts";
import { checkLoss, checkNoGradient, differentiate } from "../graph/differentiate.ts";
import type { Graph } from "../graph/graph.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import { showShape } from "../shape.ts";
import { ownStorage } from "./lower.ts";
import { differentiated } from "./update.ts";
import type { Updater } from "./updater.ts";

/** Adds to the trace the gradients that an update needs, each in storage of its own. */
export function gradientsOf(
  graph: Graph,
  outputs: ReadonlyMap<string, Tensor>,
  optimizer: Updater,
  minimize: string = scalarOf(graph, outputs),
): Map<Parameter, Tensor> {
  const loss = outputs.get(minimize);
  if (!loss) {
    throw new GraphError(
      `device.compile: minimize names ${show(minimize)}, but the function returns ${[...outputs.keys()].join(", ")}`,
    );
  }
  if (graph.norms.has(loss)) {
    throw new GraphError(`device.compile: minimize names ${show(minimize)}, a gradient norm; name the loss`);
  }
  checkLoss(`device.compile: minimize ${show(minimize)}`, loss);
  checkNoGradient(`device.compile: minimize ${show(minimize)}`, graph, loss);
  const wanted = differentiated(graph, optimizer).filter(({ requiresGrad }) => requiresGrad);
  const found = differentiate(graph, loss, wanted);
  const taken = new Set(outputs.values());
  const gradients = new Map<Parameter, Tensor>();
  for (const [i, parameter] of wanted.entries()) {
    const gradient = found[i];
    // As in PyTorch, a parameter the loss does not depend on is left alone.
    if (!gradient) continue;
    const own = ownStorage(graph, gradient, taken);
    taken.add(own);
    gradients.set(parameter, own);
  }
  if (!optimizer.parameters.some((parameter) => gradients.has(parameter))) {
    throw new GraphError(
      `device.compile: ${minimize} depends on none of the optimizer's parameters; give it model.parameters() of the ` +
        "model the function calls, and do not freeze all of them",
    );
  }
  return gradients;
}

/** The name of the one result that can be minimized: a scalar, and no gradient norm, which is known only afterwards. */
function scalarOf(graph: Graph, outputs: ReadonlyMap<string, Tensor>): string {
  const scalars = [...outputs].filter(([, tensor]) => tensor.shape.length === 0 && !graph.norms.has(tensor));
  const [only, another] = scalars;
  if (only && !another) return only[0];
  const all = [...outputs].map(([name, { shape }]) => `${name} ${showShape(shape)}`).join(", ");
  throw new GraphError(
    `device.compile: an optimizer makes one scalar result smaller, and the function returns ${all}; ` +
      (another
        ? `choose one of them, such as minimize: ${show(only![0])}, or add the losses up`
        : "return the loss as a scalar, reduced by a mean or a sum"),
  );
}
