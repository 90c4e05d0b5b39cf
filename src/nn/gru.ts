import type { Tensor } from "../graph/tensor.ts";
import { gru } from "../ops/recurrent/gru.ts";
import { Recurrent, type RecurrentOptions } from "./recurrent.ts";
import type { PackedSequence } from "./utils/packed-sequence.ts";

/** Options of {@link GRU}. */
export type GruOptions = RecurrentOptions;

/**
 * A gated recurrent unit network, as `torch.nn.GRU`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html):
 * r, z = σ(W x + b + U h + d), n = tanh(W x + b + r∘(U h + d)), h' = (1 - z)∘n + z∘h.
 * State-dict keys are PyTorch's (`weight_ih_l0`, …), gates in the order r, z, n.
 *
 * @example
 * const gru = new nn.GRU(8, 64, { batchFirst: true, bidirectional: true });
 * const { output, state } = gru.forward(x); // [N, T, 8] to [N, T, 128], [2, N, 64]
 * const { output: next } = gru.forward(y, state); // goes on where x ended
 */
export class GRU extends Recurrent {
  /**
   * @param inputSize Features of a time step, I.
   * @param hiddenSize Hidden units, H.
   */
  constructor(inputSize: number, hiddenSize: number, options: GruOptions = {}, ...more: never[]) {
    super("GRU", gru, inputSize, hiddenSize, options, { options: [], more });
  }

  /**
   * @param input [T, N, inputSize], with `batchFirst` [N, T, inputSize], [T, inputSize] for a single sequence, or packed sequences.
   * @param state Initial hidden states, [L·D, N, H] or [L·D, H]; zero if not given.
   * @returns `output`, the last layer's hidden state of every step in every direction, shaped as the input with D·H in place of
   * inputSize, and `state`, every layer's and direction's last hidden state.
   * @throws {@link ShapeError} if input or state do not fit.
   */
  forward<Input extends Tensor | PackedSequence>(
    input: Input,
    state?: Tensor,
  ): { output: Input; state: Tensor } {
    const { output, state: last } = this.run(input, state === undefined ? null : { h: state });
    return { output, state: last.h };
  }
}
