import { checkBoolean, checkInteger, checkOptions, show } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import { apply, Tensor } from "../graph/tensor.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import {
  gruKind,
  lstmKind,
  type RecurrentKind,
  type RecurrentParameters,
  recurrentParameters,
  rnnKind,
} from "./cell-kinds.ts";
import { Module } from "./module.ts";
import { checkNonlinearity, type Nonlinearity } from "./rnn.ts";

export interface CellOptions {
  /** Whether gates have learned biases, two of them as in PyTorch. Default true. */
  readonly bias?: boolean;
}

/** One step of a recurrent network: the same kernels as a layer's, over a sequence of one. */
abstract class RecurrentCell extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly #name: string;
  readonly #kind: RecurrentKind;
  readonly #relu: boolean;
  readonly #parameters: RecurrentParameters;

  protected constructor(
    name: string,
    kind: RecurrentKind,
    inputSize: number,
    hiddenSize: number,
    options: CellOptions,
    own: { readonly options: readonly string[]; readonly relu?: boolean },
  ) {
    super();
    checkInteger(name, "inputSize", inputSize);
    checkInteger(name, "hiddenSize", hiddenSize);
    checkOptions(name, options, ["bias", ...own.options]);
    const { bias = true } = options;
    checkBoolean(name, "bias", bias);
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.#name = name;
    this.#kind = kind;
    this.#relu = own.relu ?? false;
    this.#parameters = recurrentParameters(
      kind,
      { input: inputSize, hidden: hiddenSize, projection: 0, bias },
      (parameter, value) => this.registerParameter(parameter, value),
      "",
    );
  }

  /** @param states h, and an LSTM's c, by name; zero if not given. */
  protected step(input: Tensor, states: Readonly<Record<string, Tensor>> | null): Tensor[] {
    const where = `${this.#name}.forward`;
    const { inputSize, hiddenSize } = this;
    const rank = input instanceof Tensor ? input.shape.length : 0;
    if ((rank !== 1 && rank !== 2) || input.shape[rank - 1] !== inputSize) {
      const got = input instanceof Tensor ? showShape(input.shape) : show(input);
      throw new ShapeError(`${where}: input must be [N, ${inputSize}] or [${inputSize}], got ${got}`);
    }
    const unbatched = rank === 1;
    const wanted: Shape = unbatched ? [hiddenSize] : [input.shape[0]!, hiddenSize];
    const [h0 = null, c0 = null] = Object.entries(states ?? {}).map(([name, state]) => {
      if (!(state instanceof Tensor) || !sameShape(state.shape, wanted)) {
        const got = state instanceof Tensor ? showShape(state.shape) : show(state);
        throw new ShapeError(`${where}: state ${name} must be ${showShape(wanted)}, got ${got}`);
      }
      return unbatched ? state.unsqueeze(0) : state;
    });
    const { weightIh, weightHh, biasIh, biasHh } = this.#parameters;
    const x = input.reshape([1, unbatched ? 1 : input.shape[0]!, inputSize]);
    const [, ...last] = apply(
      where,
      this.#kind.op,
      [x, weightIh, weightHh, biasIh, biasHh, h0, c0, null, null],
      { hiddenSize, reverse: false, relu: this.#relu },
    );
    return unbatched ? last.map((state) => state.squeeze(0)) : last;
  }
}

/**
 * One step of an LSTM, as `torch.nn.LSTMCell`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html). Keys: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`.
 */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super("LSTMCell", lstmKind, inputSize, hiddenSize, options, { options: [] });
  }

  /**
   * @param input [N, inputSize] or [inputSize]
   * @param state h and c, [N, hiddenSize] or [hiddenSize]; zero if not given.
   */
  forward(
    input: Tensor,
    state?: { readonly h: Tensor; readonly c: Tensor },
  ): { readonly h: Tensor; readonly c: Tensor } {
    if (state !== undefined && !(state?.h instanceof Tensor && state.c instanceof Tensor)) {
      throw new ShapeError(`LSTMCell.forward: state must be { h, c } of two tensors, got ${show(state)}`);
    }
    const [h, c] = this.step(input, state ? { h: state.h, c: state.c } : null);
    return { h: h!, c: c! };
  }
}

/**
 * One step of a GRU, as `torch.nn.GRUCell`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html). Keys: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`.
 */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super("GRUCell", gruKind, inputSize, hiddenSize, options, { options: [] });
  }

  /**
   * @param input [N, inputSize] or [inputSize]
   * @param h [N, hiddenSize] or [hiddenSize]; zero if not given.
   */
  forward(input: Tensor, h?: Tensor): Tensor {
    return this.step(input, h === undefined ? null : { h })[0]!;
  }
}

export interface RnnCellOptions extends CellOptions {
  /** Default "tanh". */
  readonly nonlinearity?: Nonlinearity;
}

/**
 * One step of an Elman network, as `torch.nn.RNNCell`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html). Keys: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`.
 */
export class RNNCell extends RecurrentCell {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, options: RnnCellOptions = {}) {
    const nonlinearity = checkNonlinearity("RNNCell", options?.nonlinearity);
    super("RNNCell", rnnKind, inputSize, hiddenSize, options, {
      options: ["nonlinearity"],
      relu: nonlinearity === "relu",
    });
    this.nonlinearity = nonlinearity;
  }

  /**
   * @param input [N, inputSize] or [inputSize]
   * @param h [N, hiddenSize] or [hiddenSize]; zero if not given.
   */
  forward(input: Tensor, h?: Tensor): Tensor {
    return this.step(input, h === undefined ? null : { h })[0]!;
  }
}
