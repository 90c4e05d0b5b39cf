/** Runs a graph: node by node, on values that are known or symbolic. */
import { listed } from "../../checks.ts";
import { GraphError } from "../../errors.ts";
import { Call, perform } from "./call.ts";
import { operators } from "./operators/index.ts";
import type { OnnxGraph, OnnxNode } from "./read.ts";
import type { Value } from "./value.ts";

/** Gives the value of an initializer of the main graph or of a graph within. */
export type ValueOf = (graph: OnnxGraph, name: string) => Value;

/** Values by their names in one graph, and the graph around it. */
interface Frame {
  readonly values: Map<string, Value>;
  readonly outer: Frame | null;
}

/** The nodes that lack an operator here, each with it. */
export function missingIn(nodes: readonly OnnxNode[]): string[] {
  return nodes
    .filter(({ operator }) => !operators.has(operator))
    .map(({ label, operator }) => `${operator}: ${label}`);
}

/** The error that lists all operators that are missing. */
export function missingError(where: string, missing: readonly string[]): GraphError {
  const names = new Set(missing.map((one) => one.slice(0, one.indexOf(": "))));
  return new GraphError(
    `${where}: ${names.size} of the model's operators are not computed here: ${listed(missing, "; ", 1500)}; docs/formats.md lists ` +
      "those that are",
  );
}

/** Most nodes that one trace computes, those of every trip of a loop counted. */
const MOST_NODES = 1_000_000;

/** Runs graphs of one model in one trace. */
export class Interpreter {
  #computed = 0;
  readonly #opset: number;
  readonly #initializer: ValueOf;

  constructor(opset: number, initializer: ValueOf) {
    this.#opset = opset;
    this.#initializer = initializer;
  }

  /** The graph's outputs in their order. */
  run(graph: OnnxGraph, inputs: ReadonlyMap<string, Value>): Value[] {
    return this.#run(graph, { values: new Map(inputs), outer: null });
  }

  #run(graph: OnnxGraph, frame: Frame): Value[] {
    for (const name of graph.initializers.keys()) frame.values.set(name, this.#initializer(graph, name));
    const nodes = neededNodes(graph);
    const missing = missingIn(nodes);
    if (missing.length > 0) throw missingError("OnnxModel.forward", missing);
    for (const node of nodes) {
      if (++this.#computed > MOST_NODES) {
        throw new GraphError(
          `OnnxModel.forward: ${node.label}: the model's loops compute more than ${MOST_NODES} nodes`,
        );
      }
      const inputs = node.inputs.map((name) => (name === "" ? null : find(name, frame)));
      const call = new Call(node, this.#opset, inputs, (inner, given) => {
        const values = new Map(inner.inputs.map(({ name }, i) => [name, given[i]!]));
        return this.#run(inner, { values, outer: frame });
      });
      const outputs = perform(operators.get(node.operator)!, call);
      for (const [i, name] of node.outputs.entries()) {
        if (name === "") continue;
        const value = outputs[i];
        if (!value) throw call.refuse(`its output ${i} is not computed here`);
        frame.values.set(name, value);
      }
    }
    return graph.outputs.map(({ name }) => find(name, frame));
  }
}

function find(name: string, frame: Frame): Value {
  for (let at: Frame | null = frame; at; at = at.outer) {
    const value = at.values.get(name);
    if (value) return value;
  }
  // The reader has checked that every name is given.
  throw new GraphError(`OnnxModel.forward: nothing gives the value ${name}`);
}

const needed = new WeakMap<OnnxGraph, readonly OnnxNode[]>();

/** The nodes that the outputs depend on, in order. */
export function neededNodes(graph: OnnxGraph): readonly OnnxNode[] {
  const known = needed.get(graph);
  if (known) return known;
  const wanted = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => wanted.has(name))) return false;
    for (const name of readBy(node)) wanted.add(name);
    return true;
  });
  nodes.reverse();
  needed.set(graph, nodes);
  return nodes;
}

/** All names that a node reads, those within its graphs too. */
function* readBy(node: OnnxNode): Generator<string> {
  yield* node.inputs;
  for (const { graph } of node.attributes.values()) {
    if (!graph) continue;
    for (const inner of graph.nodes) yield* readBy(inner);
    for (const { name } of graph.outputs) yield name;
  }
}
