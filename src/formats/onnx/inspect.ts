import type { FileInfo, TensorInfo } from "../file-info.ts";
import { dtypeName, dtypeOf } from "./dtype.ts";
import { portOf, readProto } from "./read.ts";
import type { AttributeProto, GraphProto, TensorProto } from "./schema.ts";

/** What an ONNX file holds; `null` for one without a graph. */
export function inspectOnnx(bytes: Uint8Array): Pick<FileInfo, "tensors" | "metadata" | "operators"> | null {
  const { proto, budget } = readProto("inspect", bytes);
  const {
    graph,
    producerName = "",
    producerVersion = "",
    irVersion,
    opsetImport = [],
    metadataProps = [],
  } = proto;
  if (!graph) return null;
  const metadata = new Map<string, string>();
  const note = (name: string, text: string) => {
    budget.spend(200 + 2 * (name.length + text.length), "the list of its content");
    metadata.set(name, text);
  };
  note("producer", `${producerName} ${producerVersion}`.trim());
  note("ir_version", String(irVersion ?? "none"));
  for (const { domain = "", version } of opsetImport)
    note(`opset ${domain || "ai.onnx"}`, String(version ?? "none"));
  const initializers = new Set(graph.initializer?.map(({ name = "" }) => name));
  const ports = [
    ["input", (graph.input ?? []).filter(({ name = "" }) => !initializers.has(name))],
    ["output", graph.output ?? []],
  ] as const;
  for (const [what, infos] of ports) {
    for (const info of infos) {
      const { name, type, shape } = portOf(info);
      note(`${what} ${name}`, `${dtypeName(type)} ${shape ? `[${shape.join(", ")}]` : "of any shape"}`);
    }
  }
  for (const { key = "", value = "" } of metadataProps) note(key, value);
  const tensors: TensorInfo[] = [];
  const operators = new Map<string, number>();
  walk(graph, (one) => {
    for (const tensor of one.initializer ?? []) {
      budget.spend(200, "the list of its content");
      const info = infoOf(tensor);
      if (info) tensors.push(info);
    }
    for (const { opType = "", domain = "" } of one.node ?? []) {
      const name = domain === "" || domain === "ai.onnx" ? opType : `${domain}.${opType}`;
      operators.set(name, (operators.get(name) ?? 0) + 1);
    }
  });
  return { tensors, metadata, operators: new Map([...operators].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** `null` for a type without numbers. */
function infoOf({ name = "", dataType = 0, dims = [] }: TensorProto): TensorInfo | null {
  const known = dtypeOf(dataType);
  return known && { name, dtype: known.dtype, shape: dims };
}

/** Visits a graph, and those within its nodes. */
function walk(graph: GraphProto, visit: (graph: GraphProto) => void): void {
  visit(graph);
  for (const { attribute = [] } of graph.node ?? []) {
    for (const { g } of attribute as readonly AttributeProto[]) if (g) walk(g, visit);
  }
}
