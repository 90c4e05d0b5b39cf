/** Recurrent layers as LSTM, GRU and RNN operators. */
import { Parameter } from "../../../graph/parameter.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { RecurrentAttributes } from "../../../ops/recurrent/cell.ts";
import type { RecurrentOp } from "../../../ops/recurrent/layer.ts";
import { inputsByName } from "../../../ops/recurrent/operands.ts";
import { packGates } from "../../../ops/recurrent/pack-gates.ts";
import type { Context, Exported } from "./context.ts";
import type { ExportEntry } from "./ops.ts";

/** PyTorch's gates in ONNX's order. */
const cells: Readonly<Record<string, { readonly opType: string; readonly gates: readonly number[] }>> = {
  lstm: { opType: "LSTM", gates: [0, 3, 1, 2] },
  gru: { opType: "GRU", gates: [1, 0, 2] },
  rnn: { opType: "RNN", gates: [0] },
};

const INT32 = 6;

/** A weight's or bias's rows with the gates in ONNX's order: values to store, or the name of a value in the file. */
type Rows = { readonly values: Float32Array; readonly name: string } | { readonly value: string };

function rowsOf(context: Context, tensor: Tensor, gates: readonly number[]): Rows {
  if (context.shared.has(tensor)) return { value: reordered(context, tensor, gates) };
  if (tensor instanceof Parameter) {
    const { name, data } = context.saved(tensor);
    const size = data.length / gates.length;
    const values = new Float32Array(data.length);
    for (const [i, gate] of gates.entries())
      values.set(data.subarray(gate * size, (gate + 1) * size), i * size);
    return { values, name };
  }
  // A model that came from ONNX has its gates in that order already.
  const literal = context.literal(tensor);
  if (literal && tensor.layout) return { values: tensor.layout.unpack(literal), name: "weight" };
  const source = tensor.source?.node;
  if (source?.op === packGates) return { value: context.nameOf(source.inputs[0]!) };
  throw context.refuse(
    "a recurrent layer's weights are computed by the model, and only parameters are saved; make them parameters",
  );
}

/** The rows of a parameter in PyTorch's order, put in ONNX's order in the file. */
function reordered(context: Context, tensor: Tensor, gates: readonly number[]): string {
  const { writer } = context;
  const name = context.nameOf(tensor);
  if (gates.length === 1) return name;
  const sizes = gates.map(() => tensor.shape[0]! / gates.length);
  const all = gates.map(() => true);
  const parts = writer.nodeOf("Split", [name, writer.ints(sizes)], all, { axis: 0 });
  return writer.node(
    "Concat",
    gates.map((gate) => parts[gate]!),
    { axis: 0 },
  );
}

/** What `make` gives for these tensors, once for all operators that read them. */
function once(context: Context, first: Tensor, second: Tensor | null, make: () => string): string {
  const own = context.gates.get(first) ?? new Map<Tensor | null, string>();
  context.gates.set(first, own);
  const name = own.get(second) ?? make();
  own.set(second, name);
  return name;
}

/** W or R with its axis of directions. */
function weight(context: Context, tensor: Tensor, gates: readonly number[], letter: string): string {
  return once(context, tensor, null, () => {
    const rows = rowsOf(context, tensor, gates);
    const { writer } = context;
    if ("value" in rows) return writer.node("Unsqueeze", [rows.value, writer.ints([0])]);
    const wanted = rows.name.replace(/weight_[ih]h/, letter);
    return stored(tensor, wanted, rows.values, [1, ...tensor.shape], writer);
  });
}

/** Both biases in one. */
function bias(
  context: Context,
  input: Tensor | null,
  hidden: Tensor | null,
  gates: readonly number[],
): string {
  if (!input || !hidden) return "";
  return once(context, input, hidden, () => {
    const [a, b] = [rowsOf(context, input, gates), rowsOf(context, hidden, gates)];
    const { writer } = context;
    if ("values" in a && "values" in b) {
      const values = new Float32Array(2 * a.values.length);
      values.set(a.values);
      values.set(b.values, a.values.length);
      return stored(input, a.name.replace("bias_ih", "B"), values, [1, values.length], writer);
    }
    const nameOf = (rows: Rows) =>
      "value" in rows ? rows.value : writer.floats(rows.values, [rows.values.length]);
    const both = writer.node("Concat", [nameOf(a), nameOf(b)], { axis: 0 });
    return writer.node("Unsqueeze", [both, writer.ints([0])]);
  });
}

/** Stores values, as an initializer if the tensor is a parameter. */
function stored(
  tensor: Tensor,
  name: string,
  values: Float32Array,
  shape: number[],
  writer: Context["writer"],
): string {
  return tensor instanceof Parameter ? writer.initializer(name, values, shape) : writer.floats(values, shape);
}

/** A recurrent layer in one direction. */
export function exportRecurrent(context: Context, { node, inputs: names }: Exported): string[] {
  const { writer } = context;
  const { cell } = node.op as RecurrentOp;
  const kind = cells[cell.name];
  if (!kind) throw context.refuse(`ONNX has no operator for the cell ${cell.name}`);
  const { hiddenSize, reverse } = node.attributes as RecurrentAttributes;
  const inputs = inputsByName(node.inputs);
  if (inputs.weightHr) throw context.refuse("ONNX's LSTM has no projection (projSize)");
  const state = (tensor: Tensor | null) =>
    tensor ? writer.node("Unsqueeze", [context.nameOf(tensor), writer.ints([0])]) : "";
  const [y, h, c] = writer.nodeOf(
    kind.opType,
    [
      names[0]!,
      weight(context, inputs.weightIh, kind.gates, "W"),
      weight(context, inputs.weightHh, kind.gates, "R"),
      bias(context, inputs.biasIh, inputs.biasHh, kind.gates),
      inputs.lengths ? context.integers(inputs.lengths, INT32) : "",
      state(inputs.h0),
      state(inputs.c0),
    ],
    node.outputs.map(() => true),
    {
      hidden_size: hiddenSize,
      direction: reverse ? "reverse" : "forward",
      ...(kind.opType === "GRU" && { linear_before_reset: 1 }),
      ...(cell.params?.["relu"] === 1 && { activations: ["Relu"] }),
    },
  );
  const without = (name: string, axis: number) => writer.node("Squeeze", [name, writer.ints([axis])]);
  return [without(y!, 1), without(h!, 0), ...(c ? [without(c, 0)] : [])];
}

/** A recurrent parameter in PyTorch's order, for another op: the file has it so. */
export const ordered: ExportEntry = ["unpackGates", (_, { inputs }) => [inputs[0]!]];
