import { checkBoolean, checkInteger, checkOptions, show } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import { Tensor } from "../graph/tensor.ts";
import { gru } from "../ops/recurrent/gru.ts";
import type { RecurrentOp } from "../ops/recurrent/layer.ts";
import { lstm } from "../ops/recurrent/lstm.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import { Module } from "./module.ts";
import { RecurrentLayer, type RecurrentStates } from "./recurrent-layer.ts";
import { checkNonlinearity, type Nonlinearity, rnnOp } from "./rnn.ts";

/** Options of {@link LSTMCell} and {@link GRUCell}. */
export interface CellOptions {
  /** Whether gates have learned biases, two of them as in PyTorch. Default true. */
  readonly bias?: boolean;
}

/** One step of a recurrent network: a recurrent layer over a sequence of one step. */
abstract class RecurrentCell extends Module {
  /** [gates·hiddenSize, inputSize] */
  declare readonly weight_ih: Parameter;
  /** [gates·hiddenSize, hiddenSize] */
  declare readonly weight_hh: Parameter;
  /** [gates·hiddenSize] */
  declare readonly bias_ih?: Parameter;
  /** [gates·hiddenSize] */
  declare readonly bias_hh?: Parameter;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly #name: string;
  readonly #layer: RecurrentLayer;

  protected constructor(
    name: string,
    op: RecurrentOp,
    inputSize: number,
    hiddenSize: number,
    options: CellOptions,
    more: readonly never[],
    ownOptions: readonly string[] = [],
  ) {
    super();
    checkInteger(name, "inputSize", inputSize);
    checkInteger(name, "hiddenSize", hiddenSize);
    checkOptions(name, options, ["bias", ...ownOptions], more);
    const { bias = true } = options;
    checkBoolean(name, "bias", bias);
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.#name = name;
    this.#layer = new RecurrentLayer(
      op,
      { input: inputSize, hidden: hiddenSize, projection: 0, bias },
      (parameter, value) => this.registerParameter(parameter, value),
      "",
    );
  }

  /** @param initial [N, hiddenSize] or [hiddenSize]; zero if `null`. */
  protected step(input: Tensor, initial: RecurrentStates | null): RecurrentStates {
    const where = `${this.#name}.forward`;
    const { inputSize, hiddenSize } = this;
    const rank = input instanceof Tensor ? input.shape.length : 0;
    if ((rank !== 1 && rank !== 2) || input.shape[rank - 1] !== inputSize) {
      const got = input instanceof Tensor ? showShape(input.shape) : show(input);
      throw new ShapeError(`${where}: input must be [N, ${inputSize}] or [${inputSize}], got ${got}`);
    }
    const unbatched = rank === 1;
    const wanted: Shape = unbatched ? [hiddenSize] : [input.shape[0]!, hiddenSize];
    const batched = (name: string, state: Tensor) => {
      if (!(state instanceof Tensor) || !sameShape(state.shape, wanted)) {
        const got = state instanceof Tensor ? showShape(state.shape) : show(state);
        throw new ShapeError(`${where}: state ${name} must be ${showShape(wanted)}, got ${got}`);
      }
      return unbatched ? state.unsqueeze(0) : state;
    };
    const x = input.reshape([1, unbatched ? 1 : input.shape[0]!, inputSize]);
    const h0 = initial && batched("h", initial.h);
    const c0 = initial?.c ? batched("c", initial.c) : null;
    const { last } = this.#layer.forward(where, x, h0 && { h: h0, c: c0 }, null, { reverse: false });
    if (!unbatched) return last;
    return { h: last.h.squeeze(0), c: last.c ? last.c.squeeze(0) : null };
  }
}

/**
 * One step of an LSTM, as `torch.nn.LSTMCell`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html). Keys: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`.
 *
 * @example
 * const cell = new nn.LSTMCell(8, 64);
 * let state = cell.forward(x.select(0, 0)); // x [T, N, 8]; h and c, each [N, 64]
 * for (let t = 1; t < x.shape[0]!; t++) state = cell.forward(x.select(0, t), state);
 */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}, ...more: never[]) {
    super("LSTMCell", lstm, inputSize, hiddenSize, options, more);
  }

  /**
   * Takes one step.
   *
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
    const { h, c } = this.step(input, state ?? null);
    return { h, c: c! };
  }
}

/**
 * One step of a GRU, as `torch.nn.GRUCell`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html). Keys: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`.
 *
 * @example
 * const cell = new nn.GRUCell(8, 64);
 * let h = cell.forward(x.select(0, 0)); // x [T, N, 8], h [N, 64]
 * for (let t = 1; t < x.shape[0]!; t++) h = cell.forward(x.select(0, t), h);
 */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}, ...more: never[]) {
    super("GRUCell", gru, inputSize, hiddenSize, options, more);
  }

  /**
   * Takes one step.
   *
   * @param input [N, inputSize] or [inputSize]
   * @param h [N, hiddenSize] or [hiddenSize]; zero if not given.
   */
  forward(input: Tensor, h?: Tensor): Tensor {
    return this.step(input, h === undefined ? null : { h }).h;
  }
}

/** Options of {@link RNNCell}. */
export interface RnnCellOptions extends CellOptions {
  /** Default "tanh". */
  readonly nonlinearity?: Nonlinearity;
}

/**
 * One step of an Elman network, as `torch.nn.RNNCell`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html). Keys: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`.
 *
 * @example
 * const cell = new nn.RNNCell(8, 64, { nonlinearity: "relu" });
 * const h = cell.forward(x); // [N, 8] to [N, 64], from a state of zeros
 * const next = cell.forward(x, h);
 */
export class RNNCell extends RecurrentCell {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, options: RnnCellOptions = {}, ...more: never[]) {
    const nonlinearity = checkNonlinearity("RNNCell", options?.nonlinearity);
    super("RNNCell", rnnOp(nonlinearity), inputSize, hiddenSize, options, more, ["nonlinearity"]);
    this.nonlinearity = nonlinearity;
  }

  /**
   * Takes one step.
   *
   * @param input [N, inputSize] or [inputSize]
   * @param h [N, hiddenSize] or [hiddenSize]; zero if not given.
   */
  forward(input: Tensor, h?: Tensor): Tensor {
    return this.step(input, h === undefined ? null : { h }).h;
  }
}
