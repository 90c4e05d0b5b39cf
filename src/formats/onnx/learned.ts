/** Tells the numbers that PyTorch's exporter has computed from those that PyTorch has learned; the file holds both as initializers. */
import type { OnnxGraph } from "./read.ts";
import type { StoredTensor } from "./stored-tensor.ts";

/** The exporter's own names. A weight has one too where the file holds it in another order. */
const COMPUTED = /^val_\d+$/;

const RECURRENT = new Set(["LSTM", "GRU", "RNN"]);
const NORMALIZATIONS = new Set(["LayerNormalization", "InstanceNormalization"]);
const ARITHMETIC = new Set(["Add", "Sub", "Mul", "Div", "Pow"]);

/** An operand of a node. */
interface Use {
  readonly operator: string;
  readonly position: number;
}

/**
 * Gives a function that says whether an initializer is a constant of the model: a zero initial state, the weights of a normalization that
 * has none, or a single number in arithmetic, such as the 1/√2 of a GELU.
 */
export function constantsOf(graph: OnnxGraph): (stored: StoredTensor, data: Float32Array) => boolean {
  const uses = new Map<string, Use[]>();
  for (const { operator, inputs } of graph.nodes) {
    for (const [position, input] of inputs.entries()) {
      if (!COMPUTED.test(input)) continue;
      const known = uses.get(input);
      if (known) known.push({ operator, position });
      else uses.set(input, [{ operator, position }]);
    }
  }
  return ({ name }, data) => {
    const own = uses.get(name);
    if (!own || data.some((value) => value !== data[0])) return false;
    return own.every(({ operator, position }) => {
      if (RECURRENT.has(operator)) return (position === 5 || position === 6) && data[0] === 0;
      return NORMALIZATIONS.has(operator) || (ARITHMETIC.has(operator) && data.length === 1);
    });
  };
}
