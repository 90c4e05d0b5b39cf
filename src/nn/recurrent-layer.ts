import type { Parameter } from "../graph/parameter.ts";
import { apply, type Tensor } from "../graph/tensor.ts";
import { gateSlots, slotCount } from "../ops/recurrent/cell.ts";
import type { RecurrentOp } from "../ops/recurrent/layer.ts";
import { inputsByPosition, outputsByName } from "../ops/recurrent/operands.ts";
import type { Shape } from "../shape.ts";
import { drawn } from "./drawn.ts";
import { gateLayout } from "./gate-layout.ts";

/** States of recurrent cells by name; `c` only where a cell has one. */
export interface RecurrentStates {
  readonly h: Tensor;
  readonly c?: Tensor | null;
}

/** One recurrent layer in one direction: its parameters, and its op over a whole sequence. */
export class RecurrentLayer {
  readonly #op: RecurrentOp;
  readonly #hiddenSize: number;
  readonly #weightIh: Parameter;
  readonly #weightHh: Parameter;
  readonly #biasIh: Parameter | null;
  readonly #biasHh: Parameter | null;
  /** Projection of the hidden state. */
  readonly #weightHr: Parameter | null;

  /**
   * Draws the parameters uniformly in ±1/√H, and registers them, as PyTorch does and in PyTorch's order.
   * @param suffix Follows PyTorch's names: `_l0`, `_l1_reverse`, or nothing for a cell.
   */
  constructor(
    op: RecurrentOp,
    sizes: {
      readonly input: number;
      readonly hidden: number;
      readonly projection: number;
      readonly bias: boolean;
    },
    register: (name: string, parameter: Parameter) => void,
    suffix: string,
  ) {
    const { input, hidden, projection, bias } = sizes;
    const bound = 1 / Math.sqrt(hidden);
    const slots = gateSlots(op.cell);
    const create = (name: string, shape: Shape, gates?: readonly number[]) => {
      const layout = gates ? gateLayout(gates, slotCount(op.cell), hidden) : null;
      const parameter = drawn(`${op.name}: ${name}${suffix}`, shape, bound, layout);
      register(name + suffix, parameter);
      return parameter;
    };
    const rows = slots.input.length * hidden;
    this.#op = op;
    this.#hiddenSize = hidden;
    this.#weightIh = create("weight_ih", [rows, input], slots.input);
    this.#weightHh = create("weight_hh", [rows, projection || hidden], slots.hidden);
    this.#biasIh = bias ? create("bias_ih", [rows], slots.input) : null;
    this.#biasHh = bias ? create("bias_hh", [rows], slots.hidden) : null;
    this.#weightHr = projection ? create("weight_hr", [projection, hidden]) : null;
  }

  /**
   * @param where The public call, for errors.
   * @param x [T, N, inputSize]
   * @param initial Zero if `null`.
   * @param lengths Steps of each sequence, [N]; all have T if `null`.
   * @returns `output`, the hidden states of all steps [T, N, R], and the last states.
   */
  forward(
    where: string,
    x: Tensor,
    initial: RecurrentStates | null,
    lengths: Tensor | null,
    options: { readonly reverse: boolean; readonly recompute?: boolean | number },
  ): { readonly output: Tensor; readonly last: RecurrentStates } {
    const inputs = inputsByPosition<Tensor>({
      x,
      weightIh: this.#weightIh,
      weightHh: this.#weightHh,
      biasIh: this.#biasIh,
      biasHh: this.#biasHh,
      h0: initial?.h ?? null,
      c0: initial?.c ?? null,
      lengths,
      weightHr: this.#weightHr,
    });
    const results = apply(where, this.#op, inputs, { hiddenSize: this.#hiddenSize, ...options });
    const { output, h, c } = outputsByName<Tensor>(results);
    return { output: output!, last: { h: h!, c } };
  }
}
