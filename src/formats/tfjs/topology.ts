/** The layers of a model.json, in the order in which the input goes through them. */
import { isObject, quote, show } from "../../checks.ts";
import type { Refuse } from "../refuse.ts";
import { entry, LayerFile } from "./layer-file.ts";

/** A model's layers, and what is in the way of computing them. */
export interface Topology {
  readonly name: string;
  readonly layers: readonly LayerFile[];
  /** What is not a line from one input to one output, each with its layer. */
  readonly problems: readonly string[];
}

/** A layer, and those before it. */
interface Node {
  readonly layer: LayerFile;
  /** Names of the layers whose outputs it takes, once for every call. */
  readonly calls: readonly (readonly string[])[];
  /** What else its calls want. */
  readonly problem: string | null;
}

/** `lstm (LSTM)`, for messages. */
export function labelOf({ name, kind }: LayerFile): string {
  return `${quote(name, 60)} (${quote(kind, 40).slice(1, -1)})`;
}

/** The object that describes the model: in a file that Python converted it is one level deeper. */
function modelOf(topology: Readonly<Record<string, unknown>>, refuse: Refuse) {
  const nested = entry(topology, "model_config");
  const model = isObject(nested) ? nested : topology;
  const kind = entry(model, "class_name");
  const config = entry(model, "config");
  const layers = Array.isArray(config) ? config : isObject(config) ? entry(config, "layers") : undefined;
  if (typeof kind !== "string" || !Array.isArray(layers)) {
    throw refuse("its modelTopology has no class_name and layers; it is damaged, or no layers model");
  }
  const name = isObject(config) ? entry(config, "name") : undefined;
  return { kind, name: typeof name === "string" ? name : "", config, layers: layers as readonly unknown[] };
}

/** Reads `modelTopology`. Throws for one that is damaged. */
export function topologyOf(topology: Readonly<Record<string, unknown>>, refuse: Refuse): Topology {
  const { kind, name, config, layers } = modelOf(topology, refuse);
  const version = entry(topology, "keras_version");
  const isKeras3 = typeof version === "string" && /^[3-9]\./.test(version);
  const names = new Set<string>();
  const nodes = layers.map((value, i): Node => {
    if (!isObject(value)) throw refuse(`its layer ${i} must be an object, got ${show(value)}`);
    const kind = entry(value, "class_name");
    const config = entry(value, "config") ?? {};
    const own = isObject(config) ? config : {};
    const name = entry(value, "name") ?? entry(own, "name");
    if (typeof kind !== "string" || typeof name !== "string" || !isObject(config)) {
      throw refuse(`its layer ${i} must have a class_name, a name and a config; the file is damaged`);
    }
    if (names.has(name)) throw refuse(`it has two layers with the name ${quote(name, 80)}`);
    names.add(name);
    return { layer: new LayerFile(name, kind, config, isKeras3), ...callsOf(value) };
  });
  if (kind === "Sequential") return { name, layers: nodes.map(({ layer }) => layer), problems: [] };
  if (!["Functional", "Model"].includes(kind)) {
    throw refuse(`its model is of the class ${quote(kind, 60)}; Sequential and Functional ones are read`);
  }
  return { name, ...inLine(nodes, endsOf(config as Readonly<Record<string, unknown>>)) };
}

/** Which outputs a layer takes: in the form of TensorFlow.js and Keras 2, or of Keras 3. */
function callsOf(layer: Readonly<Record<string, unknown>>): Pick<Node, "calls" | "problem"> {
  const given = entry(layer, "inbound_nodes");
  if (!Array.isArray(given)) return { calls: [], problem: null };
  let problem: string | null = null;
  const calls = given.map((call: unknown) => {
    const isNew = isObject(call);
    let inputs: unknown = isNew ? entry(call, "args") : call;
    // Keras 3: [tensor], or [[tensor, tensor]] of a layer that takes several.
    if (isNew && Array.isArray(inputs) && inputs.some(Array.isArray)) inputs = inputs.flat();
    if (!Array.isArray(inputs)) {
      problem = "its inbound_nodes are damaged";
      return [];
    }
    const kwargs = isNew
      ? [entry(call, "kwargs")]
      : inputs.map((input: unknown) => Array.isArray(input) && input[3]);
    if (kwargs.some(isGiven)) problem = "it is called with more than its input, which is not computed here";
    return inputs.map((input: unknown) => {
      const history = isNew && isObject(input) && isObject(entry(input, "config")) ? input.config : null;
      const from = history ? entry(history as Readonly<Record<string, unknown>>, "keras_history") : input;
      const [name, node = 0, output = 0] = Array.isArray(from) ? (from as unknown[]) : [];
      if (typeof name !== "string") problem = "its inbound_nodes are damaged";
      else if (node !== 0 || output !== 0)
        problem = `it takes output ${show(output)} of call ${show(node)} of ${quote(name, 60)}; first ones are computed here`;
      return String(name);
    });
  });
  return { calls, problem };
}

/** Whether a call has arguments that change what it computes. */
function isGiven(kwargs: unknown): boolean {
  if (!isObject(kwargs)) return false;
  return Object.entries(kwargs).some(
    ([key, value]) => value !== null && value !== undefined && !(key === "training" && value === false),
  );
}

/** Names of a functional model's inputs and outputs. */
function endsOf(config: Readonly<Record<string, unknown>>) {
  const names = (key: string): string[] => {
    const value = entry(config, key);
    if (!Array.isArray(value)) return [];
    const list: readonly unknown[] = typeof value[0] === "string" ? [value] : value;
    return list.map((one) => (Array.isArray(one) ? String(one[0]) : show(one)));
  };
  return { inputs: names("input_layers"), outputs: names("output_layers") };
}

/** Follows a functional model from its input to its output. */
function inLine(
  nodes: readonly Node[],
  { inputs, outputs }: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): Omit<Topology, "name"> {
  const problems: string[] = [];
  if (inputs.length !== 1)
    problems.push(`the model has ${inputs.length} inputs, and models of one are computed here`);
  if (outputs.length !== 1)
    problems.push(`the model has ${outputs.length} outputs, and models of one are computed here`);
  const next = new Map<string, Node>();
  for (const node of nodes) {
    const complain = (what: string) => problems.push(`${labelOf(node.layer)}: ${what}`);
    const { calls, problem, layer } = node;
    if (problem) complain(problem);
    if (calls.length > 1)
      complain(`it is called ${calls.length} times; layers that are called once are computed here`);
    const sources = calls.length === 1 ? calls[0]! : [];
    if (sources.length > 1)
      complain(`it joins ${sources.length} tensors; layers with one input are computed here`);
    if (sources.length !== 1) continue;
    const [from] = sources as [string];
    const other = next.get(from);
    if (other)
      complain(
        `it and ${labelOf(other.layer)} both take the output of ${quote(from, 60)}; models without branches are computed here`,
      );
    else next.set(from, node);
    if (layer.name === from) complain("it takes its own output");
  }
  if (problems.length > 0) return { layers: nodes.map(({ layer }) => layer), problems };
  const first = nodes.find(({ layer }) => layer.name === inputs[0]);
  const line: Node[] = [];
  const seen = new Set<Node>();
  for (let at = first; at && !seen.has(at); at = next.get(at.layer.name)) {
    seen.add(at);
    line.push(at);
    if (at.layer.name === outputs[0]) break;
  }
  for (const node of nodes) {
    if (!seen.has(node))
      problems.push(`${labelOf(node.layer)}: it is not on the way from the model's input to its output`);
  }
  if (line.at(-1)?.layer.name !== outputs[0]) {
    problems.push(
      `nothing leads from the input ${quote(inputs[0]!, 60)} to the output ${quote(outputs[0]!, 60)}`,
    );
  }
  return { layers: line.map(({ layer }) => layer), problems };
}
