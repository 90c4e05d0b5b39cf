import { Parameter } from "../graph/parameter.ts";
import type { Op } from "../ops/op.ts";
import type { RecurrentAttributes } from "../ops/recurrent/cell.ts";
import { gru } from "../ops/recurrent/gru.ts";
import { lstm } from "../ops/recurrent/lstm.ts";
import { rnn } from "../ops/recurrent/rnn.ts";
import { defaultGenerator } from "../random.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { gateLayout } from "./gate-layout.ts";

/** What the layers of a kind of recurrent cell are made of. */
export interface RecurrentKind {
  readonly op: Op<RecurrentAttributes>;
  /** Where PyTorch's gates lie among a unit's floats, for the input's weights and for the hidden state's. */
  readonly inputSlots: readonly number[];
  readonly hiddenSlots: readonly number[];
  /** Floats of a unit. */
  readonly width: number;
}

/** Gates i, f, g, o. */
export const lstmKind: RecurrentKind = {
  op: lstm,
  inputSlots: [0, 1, 2, 3],
  hiddenSlots: [0, 1, 2, 3],
  width: 4,
};

/** Gates r, z, n; the hidden state's n has a slot of its own, since r is applied to it before the input's is added. */
export const gruKind: RecurrentKind = { op: gru, inputSlots: [0, 1, 2], hiddenSlots: [0, 1, 3], width: 4 };

/** No gate but the cell itself. */
export const rnnKind: RecurrentKind = { op: rnn, inputSlots: [0], hiddenSlots: [0], width: 1 };

/** The parameters of one layer in one direction. */
export interface RecurrentParameters {
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly biasIh: Parameter | null;
  readonly biasHh: Parameter | null;
  /** The projection of an LSTM's hidden state. */
  readonly weightHr: Parameter | null;
}

/**
 * Makes one layer's parameters, uniform in ±1/√H as PyTorch draws them, and registers them in PyTorch's order.
 * @param suffix What follows PyTorch's names: `_l0`, `_l1_reverse`, or nothing for a cell.
 */
export function recurrentParameters(
  kind: RecurrentKind,
  sizes: {
    readonly input: number;
    readonly hidden: number;
    readonly projection: number;
    readonly bias: boolean;
  },
  register: (name: string, parameter: Parameter) => void,
  suffix: string,
): RecurrentParameters {
  const { input, hidden, projection, bias } = sizes;
  const bound = 1 / Math.sqrt(hidden);
  const create = (name: string, shape: Shape, slots?: readonly number[]) => {
    const data = defaultGenerator.uniform_(new Float32Array(sizeOf(shape)), -bound, bound);
    const parameter = new Parameter(shape, data, slots ? gateLayout(slots, kind.width, hidden) : null);
    register(name + suffix, parameter);
    return parameter;
  };
  const { inputSlots, hiddenSlots } = kind;
  const rows = inputSlots.length * hidden;
  return {
    weightIh: create("weight_ih", [rows, input], inputSlots),
    weightHh: create("weight_hh", [rows, projection || hidden], hiddenSlots),
    biasIh: bias ? create("bias_ih", [rows], inputSlots) : null,
    biasHh: bias ? create("bias_hh", [rows], hiddenSlots) : null,
    weightHr: projection ? create("weight_hr", [projection, hidden]) : null,
  };
}
