import { checkNoMore, show } from "../checks.ts";
import { GraphError } from "../errors.ts";
import type { BackwardPass } from "../ops/op.ts";
import { productBackward } from "../ops/product/matmul-backward.ts";
import type { RecurrentAttributes } from "../ops/recurrent/cell.ts";
import { isRecurrentOp } from "../ops/recurrent/layer.ts";
import { layerBackward } from "../ops/recurrent/layer-backward.ts";
import { add } from "../ops/tensor/add.ts";
import { tensorBackward } from "../ops/tensor/backward.ts";
import { constant } from "../ops/tensor/constant.ts";
import { reshape } from "../ops/tensor/reshape.ts";
import { sameShape, showShape } from "../shape.ts";
import { Graph } from "./graph.ts";
import { Parameter } from "./parameter.ts";
import { type ForwardNode, recording, Tensor } from "./tensor.ts";

/**
 * Reverse-mode differentiation: adds the backward ops to the graph and returns the gradient of `loss` with respect to each
 * tensor of `wanted`, `null` where the loss does not depend on it.
 */
export function differentiate(graph: Graph, loss: Tensor, wanted: readonly Tensor[]): (Tensor | null)[] {
  const nodes = graph.nodes.filter((node) => node.kind === "forward").filter(({ op }) => !op.stopsGradient);
  // Tensors that depend on a wanted one.
  const active = new Set<Tensor>(wanted);
  for (const node of nodes) {
    if (node.inputs.some((input) => input && active.has(input))) {
      for (const output of node.outputs) active.add(output);
    }
  }

  const gradients = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, gradient: Tensor) => {
    const earlier = gradients.get(tensor);
    if (!earlier) {
      gradients.set(tensor, gradient);
      return;
    }
    const [sum] = graph.apply(add, [earlier, gradient], undefined);
    sum!.layout = tensor.layout;
    gradients.set(tensor, sum!);
  };

  if (active.has(loss)) {
    gradients.set(loss, graph.apply(constant, [], { shape: loss.shape, value: 1 })[0]!);
  }
  for (const node of nodes.reverse()) {
    const gradOutputs = node.outputs.map((output) => gradients.get(output) ?? null);
    if (gradOutputs.every((gradient) => !gradient)) continue;
    if (!node.inputs.some((input) => input && active.has(input))) continue;
    const pass = passOf(node);
    if (pass) {
      const gradInputs = addBackward(graph, node, pass, gradOutputs, (input) => active.has(input));
      for (const [i, gradient] of gradInputs.entries()) {
        if (gradient) accumulate(node.inputs[i]!, gradient);
      }
    } else {
      // The gradient of every input is the gradient of the one output.
      for (const input of node.inputs) {
        if (!input || !active.has(input)) continue;
        const gradient = gradOutputs[0]!;
        const shaped = sameShape(gradient.shape, input.shape)
          ? gradient
          : graph.apply(reshape, [gradient], { shape: input.shape })[0]!;
        accumulate(input, shaped);
      }
    }
  }
  return wanted.map((tensor) => gradients.get(tensor) ?? null);
}

/** An op's backward pass; `undefined` where the gradient of every input is the gradient of the output. */
function passOf({ op }: ForwardNode): BackwardPass | undefined {
  if (isRecurrentOp(op)) {
    return (operands, attributes, plan) =>
      layerBackward(op.cell, operands, attributes as RecurrentAttributes, plan);
  }
  // A node has the attributes of its op.
  const joined = tensorBackward.get(op) ?? productBackward.get(op);
  return op.backward ?? (joined as BackwardPass | undefined);
}

/**
 * Adds a node's backward pass and returns the gradients of the inputs that want one. An op that overwrites what it saved can be
 * differentiated only once.
 */
function addBackward(
  graph: Graph,
  of: ForwardNode,
  pass: BackwardPass,
  gradOutputs: readonly (Tensor | null)[],
  wants: (input: Tensor) => boolean,
): readonly (Tensor | null)[] {
  if (of.op.overwritesSaved && graph.nodes.some((node) => node.kind === "backward" && node.of === of)) {
    throw new GraphError(
      `${of.op.name}: differentiated twice in one trace, but its backward pass reuses the memory of its forward pass; ` +
        "add the losses up, or ask for all gradients in one grad() call (an optimizer's loss counts as one)",
    );
  }
  const gradInputs = of.inputs.map((input) => {
    if (!input || !wants(input)) return null;
    const gradient = new Tensor(input.shape, graph);
    gradient.layout = input.layout;
    return gradient;
  });
  graph.nodes.push({ kind: "backward", of, pass, gradOutputs, gradInputs });
  return gradInputs;
}

/**
 * Gradients of a scalar with respect to tensors of the trace or parameters, as `torch.autograd.grad(loss, tensors)`;
 * they can be returned as results.
 * @throws {@link GraphError} if `loss` is not a scalar, or does not depend on one of `tensors`.
 */
export function grad(loss: Tensor, tensors: readonly Tensor[], ...more: never[]): Tensor[] {
  const graph = recording.current("grad");
  checkNoMore("grad", more, "gradients are constants here, and have none themselves");
  if (!(graph instanceof Graph))
    throw new GraphError("grad: call it inside the function given to device.compile()");
  checkLoss("grad", loss);
  if (!Array.isArray(tensors) || !tensors.every((tensor) => tensor instanceof Tensor)) {
    throw new GraphError(
      `grad: expected an array of tensors of this trace, or of parameters, got ${show(tensors)}`,
    );
  }
  for (const [i, tensor] of tensors.entries()) {
    if (!(tensor instanceof Parameter) || tensor.requiresGrad) continue;
    throw new GraphError(
      `grad: tensor ${i} of shape ${showShape(tensor.shape)} is a frozen parameter; requiresGrad_() gives it a gradient again`,
    );
  }
  const gradients = differentiate(graph, loss, tensors).map((gradient, i) => {
    if (!gradient) {
      throw new GraphError(
        `grad: the loss does not depend on tensor ${i} of shape ${showShape(tensors[i]!.shape)}, or only through gradients, which ` +
          "are constants here",
      );
    }
    return gradient;
  });
  checkNoGradient("grad", graph, loss);
  return gradients;
}

/** Throws a GraphError for a loss that gradients are part of, unless detach() says that they are constants. */
export function checkNoGradient(where: string, graph: Graph, loss: Tensor): void {
  const gradients = new Set(graph.nodes.flatMap((node) => (node.kind === "backward" ? node.gradInputs : [])));
  const below = new Set([loss]);
  for (const tensor of below) {
    if (gradients.has(tensor)) {
      throw new GraphError(
        `${where}: the loss is computed from what grad() returned, of shape ${showShape(tensor.shape)}, and gradients of gradients are ` +
          "not computed here (PyTorch's create_graph); detach() the gradient if it is meant as a constant",
      );
    }
    const node = tensor.source?.node;
    if (!node || node.op.stopsGradient) continue;
    for (const input of node.inputs) if (input) below.add(input);
  }
}

/** Throws a GraphError unless `loss` is a tensor with one element. */
export function checkLoss(where: string, loss: unknown): asserts loss is Tensor {
  if (!(loss instanceof Tensor))
    throw new GraphError(`${where}: the loss must be a tensor, got ${show(loss)}`);
  if (loss.shape.some((size) => size !== 1)) {
    throw new GraphError(
      `${where}: the loss must be a scalar, got shape ${showShape(loss.shape)}; reduce it with a mean or a sum`,
    );
  }
}
