/** Recurrent cells that no kernel computes, step by step in ops: other activations, and a GRU that resets before its product. */
import { GraphError } from "../../../errors.ts";
import type { Parameter } from "../../../graph/parameter.ts";
import { apply, type Tensor } from "../../../graph/tensor.ts";
import { linear } from "../../../ops/layer/linear.ts";
import { gate, type States, type Step, unroll } from "../../unroll.ts";
import type { Activation } from "../activations.ts";

/** One direction's parameters, in PyTorch's order. */
export interface CellWeights {
  /** [gates·H, I] */
  readonly weightIh: Parameter;
  /** [gates·H, H] */
  readonly weightHh: Parameter;
  /** [gates·H] each. */
  readonly biasIh: Parameter | null;
  readonly biasHh: Parameter | null;
}

export type CellKind = "LSTM" | "GRU" | "SimpleRNN";

/** What a cell computes. */
export interface Cell {
  readonly kind: CellKind;
  readonly units: number;
  readonly activation: Activation;
  /** Of the gates; a SimpleRNN has none. */
  readonly recurrentActivation: Activation;
  /** Whether a GRU resets the product with the state, not the state. */
  readonly resetAfter: boolean;
}

function product(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  return apply("TfjsModel.forward", linear, [x, weight, bias], undefined)[0]!;
}

function stepOf(
  { kind, units: H, activation, recurrentActivation, resetAfter }: Cell,
  weights: CellWeights,
): Step {
  const { weightHh, biasHh } = weights;
  if (kind === "LSTM") {
    return (input, { h, c }) => {
      const all = input.add(product(h, weightHh, biasHh));
      const [i, f, o] = [0, 1, 3].map((index) => recurrentActivation(gate(all, index, H))) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const next = f.mul(c!).add(i.mul(activation(gate(all, 2, H))));
      return { h: o.mul(activation(next)), c: next };
    };
  }
  if (kind === "SimpleRNN") {
    return (input, { h }) => ({ h: activation(input.add(product(h, weightHh, biasHh))), c: null });
  }
  const mix = (z: Tensor, n: Tensor, h: Tensor) => ({ h: n.add(z.mul(h.sub(n))), c: null });
  if (resetAfter) {
    return (input, { h }) => {
      const own = product(h, weightHh, biasHh);
      const [r, z] = [0, 1].map((index) =>
        recurrentActivation(gate(input, index, H).add(gate(own, index, H))),
      ) as [Tensor, Tensor];
      return mix(z, activation(gate(input, 2, H).add(r.mul(gate(own, 2, H)))), h);
    };
  }
  const gates = weightHh.slice(0, 0, 2 * H);
  const candidate = weightHh.slice(0, 2 * H);
  return (input, { h }) => {
    const both = recurrentActivation(input.slice(1, 0, 2 * H).add(product(h, gates)));
    const [r, z] = [gate(both, 0, H), gate(both, 1, H)];
    return mix(z, activation(gate(input, 2, H).add(product(r.mul(h), candidate))), h);
  };
}

/**
 * Runs a cell over time.
 * @param x [T, N, I]
 * @param mask What each state is multiplied by before a step, for recurrent dropout.
 * @returns `output` [T, N, H] in the input's order, and the last state.
 */
export function runBySteps(
  cell: Cell,
  weights: CellWeights,
  x: Tensor,
  zeros: () => Tensor,
  mask: Tensor | null,
  reverse: boolean,
): { readonly output: Tensor; readonly h: Tensor } {
  const input = product(x, weights.weightIh, weights.biasIh);
  const step = stepOf(cell, weights);
  const masked: Step = (own, states) => step(own, mask ? { ...states, h: states.h.mul(mask) } : states);
  const start: States = { h: zeros(), c: cell.kind === "LSTM" ? zeros() : null };
  return unroll(input, start, reverse, masked, (what) => new GraphError(what));
}
