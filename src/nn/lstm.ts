import { checkInteger, show } from "../checks.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { Tensor } from "../graph/tensor.ts";
import { lstm } from "../ops/recurrent/lstm.ts";
import { Recurrent, type RecurrentOptions } from "./recurrent.ts";
import type { PackedSequence } from "./utils/packed-sequence.ts";

export interface LstmOptions extends RecurrentOptions {
  /** Size of the projected hidden state, smaller than hiddenSize; 0 for no projection. Default 0. */
  readonly projSize?: number;
}

/** Hidden and cell state of every layer and direction: [L·D, N, R] and [L·D, N, H], or without N for unbatched input. */
export interface LstmState {
  /** The hidden state: what the layer has put out last. */
  readonly h: Tensor;
  /** The cell state: its memory. */
  readonly c: Tensor;
}

/**
 * A long short-term memory network, as `torch.nn.LSTM`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html):
 * i, f, o = σ(W x + b + U h + d), g = tanh(W x + b + U h + d), c' = f∘c + i∘g, h' = o∘tanh(c'), with `projSize` h' = P (o∘tanh(c')).
 * State-dict keys are PyTorch's (`weight_ih_l0`, `weight_hr_l0`, `bias_hh_l1_reverse`, …), gates in the order i, f, g, o.
 *
 * @example
 * const lstm = new nn.LSTM(8, 64, { numLayers: 2, batchFirst: true });
 * const { output, state } = lstm.forward(x); // [N, T, 8] to [N, T, 64]
 * const { h, c } = state; // each [2, N, 64]
 */
export class LSTM extends Recurrent {
  /**
   * @param inputSize Features of a time step, I.
   * @param hiddenSize Hidden units, H.
   */
  constructor(inputSize: number, hiddenSize: number, options: LstmOptions = {}, ...more: never[]) {
    super("LSTM", lstm, inputSize, hiddenSize, options, {
      options: ["projSize"],
      more,
      projSize: checkProjection(options?.projSize ?? 0, hiddenSize),
    });
  }

  /**
   * @param input [T, N, inputSize], with `batchFirst` [N, T, inputSize], [T, inputSize] for a single sequence, or packed sequences.
   * @param state Initial states; zero if not given.
   * @returns `output`, the last layer's hidden state of every step in every direction, shaped as the input with D·R in place of
   * inputSize (R is projSize, or else hiddenSize), and `state`, every layer's and direction's last states.
   * @throws {@link ShapeError} if input or state do not fit.
   */
  forward<Input extends Tensor | PackedSequence>(
    input: Input,
    state?: LstmState,
  ): { output: Input; state: LstmState } {
    if (state !== undefined && !(state?.h instanceof Tensor && state.c instanceof Tensor)) {
      throw new ShapeError(`LSTM.forward: state must be { h, c } of two tensors, got ${show(state)}`);
    }
    const { output, state: last } = this.run(input, state ?? null);
    return { output, state: { h: last.h, c: last.c! } };
  }
}

function checkProjection(projSize: unknown, hiddenSize: number): number {
  checkInteger("LSTM", "projSize", projSize, 0);
  if (projSize > 0 && projSize >= hiddenSize) {
    throw new OptionError(
      `LSTM: projSize must be smaller than hiddenSize ${hiddenSize}, got ${projSize}; leave it out for no projection`,
    );
  }
  return projSize;
}
