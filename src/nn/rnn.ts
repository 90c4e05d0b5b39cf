import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { RecurrentOp } from "../ops/recurrent/layer.ts";
import { rnnRelu, rnnTanh } from "../ops/recurrent/rnn.ts";
import { Recurrent, type RecurrentOptions } from "./recurrent.ts";
import type { PackedSequence } from "./utils/packed-sequence.ts";

/** What an {@link RNN} applies to each sum. */
export type Nonlinearity = "tanh" | "relu";

export interface RnnOptions extends RecurrentOptions {
  /** Default "tanh". */
  readonly nonlinearity?: Nonlinearity;
}

/**
 * An Elman network, as `torch.nn.RNN`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html): h' = tanh(W x + b + U h + d), or max(·, 0) in place of tanh.
 * State-dict keys are PyTorch's (`weight_ih_l0`, …).
 *
 * @example
 * const rnn = new nn.RNN(8, 64, { nonlinearity: "relu" });
 * const { output, state } = rnn.forward(x); // [T, N, 8] to [T, N, 64], [1, N, 64]
 * const last = output.select(0, -1); // [N, 64]
 */
export class RNN extends Recurrent {
  readonly nonlinearity: Nonlinearity;

  /**
   * @param inputSize Features of a time step, I.
   * @param hiddenSize Hidden units, H.
   */
  constructor(inputSize: number, hiddenSize: number, options: RnnOptions = {}, ...more: never[]) {
    const nonlinearity = checkNonlinearity("RNN", options?.nonlinearity);
    super("RNN", rnnOp(nonlinearity), inputSize, hiddenSize, options, { options: ["nonlinearity"], more });
    this.nonlinearity = nonlinearity;
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

/** @internal */
export function checkNonlinearity(where: string, nonlinearity: unknown = "tanh"): Nonlinearity {
  if (nonlinearity !== "tanh" && nonlinearity !== "relu") {
    throw new OptionError(`${where}: nonlinearity must be "tanh" or "relu", got ${show(nonlinearity)}`);
  }
  return nonlinearity;
}

/** @internal */
export function rnnOp(nonlinearity: Nonlinearity): RecurrentOp {
  return nonlinearity === "relu" ? rnnRelu : rnnTanh;
}
