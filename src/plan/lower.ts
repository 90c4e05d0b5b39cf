import type { Graph, Node } from "../graph/graph.ts";
import { Parameter } from "../graph/parameter.ts";
import { Tensor } from "../graph/tensor.ts";
import type { OnDemand } from "../ondemand.ts";
import { groupGrid } from "../ops/grid.ts";
import type { Dispatch, Offering, PlanContext, PlanSettings } from "../ops/op.ts";
import { clone } from "../ops/tensor/clone.ts";
import { constant } from "../ops/tensor/constant.ts";

/**
 * Gradients that a loss's forward pass can write together with the loss, because the gradient of the loss is 1. By node: the
 * gradient of its first input.
 */
function givenGradients(graph: Graph): Map<Node, Tensor> {
  const given = new Map<Node, Tensor>();
  for (const node of graph.nodes) {
    if (node.kind !== "backward" || !node.of.op.givesGradient || given.has(node.of)) continue;
    const from = node.gradOutputs[0]?.source?.node;
    const isOne = from?.op === constant && (from.attributes as { readonly value: number }).value === 1;
    const [gradient, ...others] = node.gradInputs;
    if (isOne && gradient && others.every((other) => !other)) given.set(node.of, gradient);
  }
  return given;
}

/** The nodes whose results are needed, in order, and the tensors that are read. */
function needed(
  graph: Graph,
  results: readonly Tensor[],
  given: ReadonlyMap<Node, Tensor>,
): { nodes: Node[]; read: Set<Tensor> } {
  const read = new Set<Tensor>(results);
  const alive = new Set<Node>();
  // Walk back from the results: a node is needed if one of its outputs is read.
  for (const node of [...graph.nodes].reverse()) {
    const outputs = node.kind === "forward" ? node.outputs : node.gradInputs;
    const isRead = outputs.some((tensor) => tensor && read.has(tensor));
    if (!isRead && !alive.has(node)) continue;
    if (node.kind === "backward" && node.gradInputs[0] && given.get(node.of) === node.gradInputs[0]) {
      alive.add(node.of);
      continue;
    }
    alive.add(node);
    const forward = node.kind === "forward" ? node : node.of;
    alive.add(forward);
    for (const input of forward.inputs) if (input) read.add(input);
    if (node.kind === "backward") {
      for (const gradient of node.gradOutputs) if (gradient) read.add(gradient);
    }
  }
  return { nodes: graph.nodes.filter((node) => alive.has(node)), read };
}

/** The plan settings, with intermediates made as tensors of `graph`. */
export function planIn(graph: Graph, plan: PlanSettings): PlanContext {
  return {
    ...plan,
    temporary: (shape) => new Tensor(shape, graph),
    view: (operand, offset, shape) => {
      const { root, offset: start } = operand.storage;
      return new Tensor(shape, graph, { root, offset: start + offset });
    },
    groupGrid: (groups) => groupGrid(groups, plan),
  };
}

/** What the ops of a trace need loaded before they are planned. */
export function needsOf(graph: Graph, plan: Offering): OnDemand<unknown>[] {
  const isFrozen = (input: Tensor | null) => input instanceof Parameter && !input.requiresGrad;
  // Parameters that are frozen may be trained later.
  const mayTrain = graph.nodes.some((node) => node.kind === "forward" && node.inputs.some(isFrozen));
  const needs = graph.nodes.flatMap((node) => {
    const { op, inputs } = node.kind === "forward" ? node : node.of;
    const passes = mayTrain ? (["forward", "backward"] as const) : [node.kind];
    return passes.flatMap((pass) => op.needs?.(pass, inputs, plan) ?? []);
  });
  return [...graph.needs, ...needs];
}

/** The flat list of dispatches that computes `results`. Nothing unused is computed. */
export function lower(graph: Graph, results: readonly Tensor[], plan: PlanSettings): Dispatch[] {
  const context = planIn(graph, plan);
  const given = givenGradients(graph);
  const { nodes, read } = needed(graph, results, given);
  const differentiated = new Set(nodes.flatMap((node) => (node.kind === "backward" ? [node.of] : [])));
  const ifRead = (tensor: Tensor | null) => (tensor && read.has(tensor) ? tensor : null);
  return nodes.flatMap((node) => {
    if (node.kind === "forward") {
      const { op, inputs, outputs, saved, attributes } = node;
      const gradInput = ifRead(given.get(node) ?? null);
      // Only the loss's gradient is wanted, and a backward pass computes it.
      if (!gradInput && saved.length === 0 && !outputs.some((output) => read.has(output))) return [];
      const operands = {
        inputs,
        outputs: outputs.map(ifRead),
        saved,
        differentiated: differentiated.has(node),
        gradInput,
      };
      return op.forward?.(operands, attributes, context) ?? [];
    }
    const { inputs, saved, attributes } = node.of;
    const gradInputs = node.gradInputs.map(ifRead);
    return node.pass({ inputs, saved, gradOutputs: node.gradOutputs, gradInputs }, attributes, context);
  });
}

/**
 * Returns the tensor itself if it owns its storage and is not in `taken`, else a copy. A gradient that is written to a given
 * place needs storage of its own.
 */
export function ownStorage(graph: Graph, tensor: Tensor, taken: ReadonlySet<Tensor>): Tensor {
  const { root } = tensor.storage;
  const made = graph.nodes.some((node) =>
    node.kind === "backward"
      ? node.gradInputs.includes(tensor)
      : node.outputs.includes(tensor) && !!node.op.forward,
  );
  if (made && root === tensor && !taken.has(tensor)) return tensor;
  const copy = graph.apply(clone, [tensor], undefined)[0]!;
  copy.layout = tensor.layout;
  return copy;
}
