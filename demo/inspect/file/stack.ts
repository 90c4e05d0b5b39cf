/** Finds the class, sizes and options of a stack of recurrent layers from its weights. */
import type { StoredTensor } from "./file.ts";

export type CellKind = "lstm" | "gru" | "rnn";

export interface RecurrentStack {
  readonly kind: CellKind;
  /** PyTorch's class. */
  readonly className: string;
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Size of an LSTM's projected hidden state; 0 for no projection. */
  readonly projSize: number;
  readonly numLayers: number;
  readonly bidirectional: boolean;
  readonly bias: boolean;
  /** The number of outputs at each step. */
  readonly outputSize: number;
  /** The parameters by PyTorch's names in the class: `weight_ih_l0`, … */
  readonly parameters: ReadonlyMap<string, StoredTensor>;
}

const KINDS: Readonly<Record<number, CellKind>> = { 4: "lstm", 3: "gru", 1: "rnn" };

/**
 * The stack of a layer's tensors, by their names in the layer (`weight_hh_l0`, or `weight_hh` of a cell); or a text that says
 * what is wrong with them. A matrix has the rows of all gates, so their number is 4, 3 or 1 times the hidden size.
 */
export function recurrentStackOf(own: ReadonlyMap<string, StoredTensor>): RecurrentStack | string {
  const isCell = own.has("weight_ih");
  const parameters = new Map(
    [...own].map(([key, tensor]) => [isCell && !key.includes("_l") ? `${key}_l0` : key, tensor]),
  );
  const shape = (key: string) => parameters.get(key)?.shape;
  const [rows, inputSize] = shape("weight_ih_l0") ?? [];
  const stateSize = shape("weight_hh_l0")?.[1];
  if (!rows || !inputSize || !stateSize) return "weight_ih_l0 or weight_hh_l0 is missing, or is no matrix";
  const projection = shape("weight_hr_l0");
  const hiddenSize = projection?.[1] ?? stateSize;
  const kind = KINDS[rows / hiddenSize];
  if (!kind || (projection && kind !== "lstm")) {
    return `weight_ih_l0 has ${rows} rows; with ${hiddenSize} hidden units an LSTM has 4 times as many, a GRU 3 times, an RNN as many`;
  }
  let numLayers = 1;
  while (parameters.has(`weight_ih_l${numLayers}`)) numLayers++;
  const bidirectional = parameters.has("weight_ih_l0_reverse");
  const bias = parameters.has("bias_ih_l0");
  const outputSize = (bidirectional ? 2 : 1) * stateSize;

  const wanted = new Map<string, readonly number[]>();
  for (let l = 0; l < numLayers; l++) {
    for (const direction of bidirectional ? ["", "_reverse"] : [""]) {
      const suffix = `_l${l}${direction}`;
      wanted.set(`weight_ih${suffix}`, [rows, l === 0 ? inputSize : outputSize]);
      wanted.set(`weight_hh${suffix}`, [rows, stateSize]);
      if (bias) wanted.set(`bias_ih${suffix}`, [rows]).set(`bias_hh${suffix}`, [rows]);
      if (projection) wanted.set(`weight_hr${suffix}`, [stateSize, hiddenSize]);
    }
  }
  for (const [key, sizes] of wanted) {
    const got = shape(key);
    if (!got) return `${key} is missing`;
    if (String(got) !== String(sizes)) {
      return `${key} is [${got.join(", ")}] and should be [${sizes.join(", ")}]`;
    }
  }
  const extra = [...parameters.keys()].find((key) => !wanted.has(key));
  if (extra) return `${extra} belongs to no layer`;
  return {
    kind,
    className: kind.toUpperCase() + (isCell ? "Cell" : ""),
    inputSize,
    hiddenSize,
    projSize: projection ? stateSize : 0,
    numLayers,
    bidirectional,
    bias,
    outputSize,
    parameters,
  };
}
