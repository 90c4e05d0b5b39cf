/** Reads an ONNX file into graphs whose names all lead somewhere. */
import { listed, quote } from "../../checks.ts";
import { Budget } from "../budget.ts";
import { type Refuse, refuser } from "../refuse.ts";
import { readModel } from "./message.ts";
import type { AttributeProto, GraphProto, NodeProto, ValueInfoProto } from "./schema.ts";
import { type StoredTensor, storedTensor } from "./stored-tensor.ts";

/** Oldest and newest version of ONNX's operators that are read. */
const OPSETS = { oldest: 7, newest: 28 };

/** An input or output of a graph as the file declares it. */
export interface Port {
  readonly name: string;
  /** ONNX's code of its type; 0 if the file does not say. */
  readonly type: number;
  /** Sizes; a name, or "?" where the file does not say one. `null` for an unknown rank. */
  readonly shape: readonly (number | string)[] | null;
}

/** One operator applied to values with names. */
export interface OnnxNode {
  /** How messages call it. */
  readonly label: string;
  /** The operator's name; with its domain unless that is ONNX's own: `com.microsoft.Attention`. */
  readonly operator: string;
  /** `""` for an optional one that is not given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** An attribute with what it holds already read. */
interface Attribute {
  readonly proto: AttributeProto;
  readonly tensor: StoredTensor | null;
  readonly graph: OnnxGraph | null;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  /** Without those that have an initializer. */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly initializers: ReadonlyMap<string, StoredTensor>;
}

/** A file that is read. */
export interface OnnxFile {
  readonly graph: OnnxGraph;
  readonly opset: number;
  /** What is left for whoever goes on. */
  readonly budget: Budget;
  readonly refuse: Refuse;
}

/** The names that a graph sees: its own, and those of the graphs around it. */
interface Scope {
  readonly names: Set<string>;
  readonly outer: Scope | null;
}

interface Reading {
  readonly budget: Budget;
  readonly refuse: Refuse;
}

/** Reads a file's messages; what they say is not checked. */
export function readProto(where: string, bytes: Uint8Array) {
  const refuse = refuser(where, "not an ONNX model that can be read");
  const budget = new Budget(bytes.length, refuse);
  return { proto: readModel(bytes, budget, refuse), budget, refuse };
}

/** Reads a file. Throws a DataError that names `where` for one that is damaged, unsafe or of unknown versions. */
export function readOnnx(where: string, bytes: Uint8Array): OnnxFile {
  const { proto, budget, refuse } = readProto(where, bytes);
  const { graph, opsetImport = [], functions = [] } = proto;
  if (!graph)
    throw refuse("it has no graph; inspect(bytes) says what the file is, and may know what opens it");
  const own = opsetImport.filter(({ domain = "" }) => domain === "" || domain === "ai.onnx");
  const opset = own[0]?.version ?? 0;
  if (own.length !== 1 || !(opset >= OPSETS.oldest && opset <= OPSETS.newest)) {
    const got = own.length === 1 ? `version ${opset}` : `${own.length} versions`;
    throw refuse(
      `it uses ${got} of ONNX's operators, and versions ${OPSETS.oldest} to ${OPSETS.newest} are read; export it again with such an ` +
        "opset_version, or convert it with onnx.version_converter",
    );
  }
  if (functions.length > 0) {
    const names = functions.map(({ name = "" }) => quote(name, 60));
    throw refuse(
      `it has functions of its own (${listed(names)}); inline them first: onnx.inliner.inline_local_functions`,
    );
  }
  return { graph: readGraph(graph, null, { budget, refuse }), opset, budget, refuse };
}

function readGraph(proto: GraphProto, outer: Scope | null, reading: Reading): OnnxGraph {
  const { budget, refuse } = reading;
  const { node = [], initializer = [], input = [], output = [], sparseInitializer } = proto;
  if (sparseInitializer) throw refuse("it has sparse initializers; save them dense");
  const scope: Scope = { names: new Set(), outer };
  const define = (name: string, what: string) => {
    budget.spend(100, "the graph");
    if (scope.names.has(name)) throw refuse(`the name ${quote(name, 80)} of ${what} is given twice`);
    scope.names.add(name);
  };
  const initializers = new Map<string, StoredTensor>();
  for (const tensor of initializer) {
    const stored = storedTensor(tensor, "initializer", budget, refuse);
    define(stored.name, "an initializer");
    initializers.set(stored.name, stored);
  }
  // Files of old versions list initializers among the inputs too.
  const inputs = input.map(portOf).filter(({ name }) => !initializers.has(name));
  for (const { name } of inputs) define(name, "an input");
  const nodes: OnnxNode[] = [];
  for (const [i, one] of node.entries()) {
    const { name = "", opType = "" } = one;
    const label = `node ${name === "" ? i : quote(name, 80)} (${opType.slice(0, 60)})`;
    for (const given of one.input ?? []) {
      if (given === "" || isKnown(given, scope)) continue;
      throw refuse(
        `${label} reads ${quote(given, 80)}, which no input, initializer or earlier node gives; the graph is cyclic, out of order or ` +
          "incomplete",
      );
    }
    nodes.push(readNode(one, label, scope, reading));
    for (const name of one.output ?? []) if (name !== "") define(name, label);
  }
  const outputs = output.map(portOf);
  for (const { name } of outputs) {
    if (!isKnown(name, scope))
      throw refuse(`nothing gives the output ${quote(name, 80)}; the graph is incomplete`);
  }
  return { nodes, inputs, outputs, initializers };
}

function readNode(proto: NodeProto, label: string, scope: Scope, reading: Reading): OnnxNode {
  const { budget, refuse } = reading;
  const { opType = "", domain = "", input = [], output = [] } = proto;
  const attributes = new Map<string, Attribute>();
  for (const attribute of proto.attribute ?? []) {
    const { name = "", t, g, refAttrName } = attribute;
    budget.spend(150, "the graph");
    if (attributes.has(name)) throw refuse(`${label} has the attribute ${quote(name, 60)} twice`);
    if (refAttrName !== undefined)
      throw refuse(`${label} refers to an attribute of a function, and is in none`);
    const tensor = t ? storedTensor(t, `attribute ${name} of ${label}`, budget, refuse) : null;
    const graph = g ? readGraph(g, scope, reading) : null;
    attributes.set(name, { proto: attribute, tensor, graph });
  }
  const operator = domain === "" || domain === "ai.onnx" ? opType : `${domain}.${opType}`;
  return { label, operator, inputs: input, outputs: output, attributes };
}

function isKnown(name: string, scope: Scope | null): boolean {
  for (let at = scope; at; at = at.outer) if (at.names.has(name)) return true;
  return false;
}

export function portOf({ name = "", type }: ValueInfoProto): Port {
  const { elemType = 0, shape } = type?.tensorType ?? {};
  const dims = shape?.dim?.map(({ dimValue, dimParam }) => dimValue ?? (dimParam || "?"));
  return { name, type: elemType, shape: shape ? (dims ?? []) : null };
}
