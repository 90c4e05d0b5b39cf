/** Tells the numbers that PyTorch's exporter has computed from those that PyTorch has learned; the file holds both as initializers. */
import { dtypeOf, isFloat } from "./dtype.ts";
import type { OnnxGraph, OnnxNode } from "./read.ts";
import type { StoredTensor } from "./stored-tensor.ts";

/** The exporter's own names. A weight has one too where the file holds it in another order. */
const COMPUTED = /^val_\d+$/;

const RECURRENT = new Set(["LSTM", "GRU", "RNN"]);
const NORMALIZATIONS = new Set(["LayerNormalization", "InstanceNormalization"]);
const ARITHMETIC = new Set(["Add", "Sub", "Mul", "Div", "Pow"]);

/** Operators whose inputs after the first say how the first is resized. */
const RESIZINGS = new Set(["Resize", "Upsample"]);

/** An operand of a node. */
interface Use {
  readonly operator: string;
  readonly position: number;
}

/** Operators that tell sizes, whatever the data. */
const SIZES = new Set(["Shape", "Size"]);

/**
 * Names of what places are computed of: a number that becomes an integer, and depends on no input's data, leads to indices. So do the
 * operands that it depends on.
 */
function placesOf({ nodes, initializers }: OnnxGraph): ReadonlySet<string> {
  const known = new Set(["", ...initializers.keys()]);
  const makers = new Map<string, OnnxNode>();
  const waiting: string[] = [];
  for (const node of nodes) {
    const { operator, inputs, outputs, attributes } = node;
    if (!SIZES.has(operator) && !inputs.every((input) => known.has(input))) continue;
    for (const output of outputs) {
      known.add(output);
      if (!SIZES.has(operator)) makers.set(output, node);
    }
    const type = operator === "Cast" && dtypeOf(attributes.get("to")?.proto.i ?? 0);
    if (type && !isFloat(type.dtype)) waiting.push(...inputs);
  }
  const places = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (places.has(name)) continue;
    places.add(name);
    waiting.push(...(makers.get(name)?.inputs ?? []));
  }
  return places;
}

/**
 * Gives a function that says whether an initializer is a constant of the model: a zero initial state, the weights of a normalization that
 * has none, a single number in arithmetic, such as the 1/√2 of a GELU, scales of a Resize, or what places are computed of.
 */
export function constantsOf(graph: OnnxGraph): (stored: StoredTensor, data: Float32Array) => boolean {
  const places = placesOf(graph);
  const uses = new Map<string, Use[]>();
  for (const { operator, inputs } of graph.nodes) {
    for (const [position, input] of inputs.entries()) {
      if (!COMPUTED.test(input) && !RESIZINGS.has(operator)) continue;
      const known = uses.get(input);
      if (known) known.push({ operator, position });
      else uses.set(input, [{ operator, position }]);
    }
  }
  return ({ name }, data) => {
    const own = uses.get(name);
    if (places.has(name) || own?.every((use) => RESIZINGS.has(use.operator) && use.position > 0)) return true;
    if (!own || !COMPUTED.test(name) || data.some((value) => value !== data[0])) return false;
    return own.every(({ operator, position }) => {
      if (RECURRENT.has(operator)) return (position === 5 || position === 6) && data[0] === 0;
      return NORMALIZATIONS.has(operator) || (ARITHMETIC.has(operator) && data.length === 1);
    });
  };
}
