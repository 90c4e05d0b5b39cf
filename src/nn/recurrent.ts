import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from "../checks.ts";
import { ShapeError } from "../errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import { cat, stack, Tensor } from "../graph/tensor.ts";
import type { StateName } from "../ops/recurrent/cell.ts";
import type { RecurrentOp } from "../ops/recurrent/layer.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import { dropoutIn } from "./dropout.ts";
import { Module } from "./module.ts";
import { RecurrentLayer, type RecurrentStates } from "./recurrent-layer.ts";
import { PackedSequence } from "./utils/packed-sequence.ts";

/** Options that LSTM, GRU and RNN share. */
export interface RecurrentOptions {
  /** Layers stacked on each other. Default 1. */
  readonly numLayers?: number;
  /** Whether gates have learned biases, two of them as in PyTorch. Default true. */
  readonly bias?: boolean;
  /** Whether input and output are [N, T, *] instead of [T, N, *]; states are [L·D, N, *] either way. Default false. */
  readonly batchFirst?: boolean;
  /** Probability of zeroing an output of a layer while training; the last layer is left out. Default 0. */
  readonly dropout?: number;
  /** Whether each layer has a second cell that runs from the end of the sequences; outputs are then 2·H wide. Default false. */
  readonly bidirectional?: boolean;
  /**
   * Whether training keeps only h and c of every time step, and recomputes the gates in the backward pass, as `torch.utils.checkpoint`
   * would: about half the memory for long sequences, for a quarter to a third more time. It does so in chunks of time steps: a number
   * is the steps of a chunk, and true chooses them by the batch size. Default false.
   */
  readonly recompute?: boolean | number;
}

/** What {@link Recurrent.run} returns: the output, packed if the input was, and the last states. */
export interface RecurrentResult<Input extends Tensor | PackedSequence> {
  readonly output: Input;
  readonly state: RecurrentStates;
}

const OPTIONS = ["numLayers", "bias", "batchFirst", "dropout", "bidirectional", "recompute"];

/** A stack of recurrent layers, each in one or two directions: the base of LSTM, GRU and RNN. */
export abstract class Recurrent extends Module {
  /** Its parameters by PyTorch's names, such as `weight_ih_l0` and `bias_hh_l1_reverse`. */
  readonly [name: `${"weight" | "bias"}_${"ih" | "hh" | "hr"}_l${string}`]: Parameter;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly recompute: boolean | number;
  /** Size of an LSTM's projected hidden state; 0 for no projection. */
  readonly projSize: number = 0;
  readonly #name: string;
  readonly #op: RecurrentOp;
  /** By layer, then by direction. */
  readonly #layers: readonly (readonly RecurrentLayer[])[];

  /**
   * @param name The class's name, as errors show it.
   * @param own The class's further options, already checked, and arguments after them.
   */
  protected constructor(
    name: string,
    op: RecurrentOp,
    inputSize: number,
    hiddenSize: number,
    options: RecurrentOptions,
    own: {
      readonly options: readonly string[];
      readonly more: readonly never[];
      readonly projSize?: number;
    },
  ) {
    super();
    checkInteger(name, "inputSize", inputSize);
    checkInteger(name, "hiddenSize", hiddenSize);
    checkOptions(name, options, [...OPTIONS, ...own.options], own.more);
    const { numLayers = 1, bias = true, batchFirst = false, bidirectional = false } = options;
    const { dropout: probability = 0, recompute = false } = options;
    checkInteger(name, "numLayers", numLayers);
    checkBoolean(name, "bias", bias);
    checkBoolean(name, "batchFirst", batchFirst);
    checkNumber(name, "dropout", probability, "a probability from 0 to 1", (p) => p >= 0 && p <= 1);
    checkBoolean(name, "bidirectional", bidirectional);
    if (typeof recompute === "number") checkInteger(name, "recompute", recompute);
    else checkBoolean(name, "recompute", recompute);
    if (probability > 0 && numLayers === 1) {
      console.warn(
        `${name}: dropout acts between layers, so with numLayers 1 dropout ${probability} does nothing; ` +
          "add a layer, or put nn.Dropout behind this one",
      );
    }
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = probability;
    this.bidirectional = bidirectional;
    this.recompute = recompute;
    this.projSize = own.projSize ?? 0;
    this.#name = name;
    this.#op = op;
    const directions = bidirectional ? ["", "_reverse"] : [""];
    const width = directions.length * this.#stateSize;
    this.#layers = Array.from({ length: numLayers }, (_, l) =>
      directions.map(
        (direction) =>
          new RecurrentLayer(
            op,
            { input: l === 0 ? inputSize : width, hidden: hiddenSize, projection: this.projSize, bias },
            (parameter, value) => this.registerParameter(parameter, value),
            `_l${l}${direction}`,
          ),
      ),
    );
  }

  /** Values in a hidden state. */
  get #stateSize(): number {
    return this.projSize || this.hiddenSize;
  }

  /**
   * Runs all layers.
   * @param initial Initial states; zero if `null`.
   */
  protected run<Input extends Tensor | PackedSequence>(
    input: Input,
    initial: RecurrentStates | null,
  ): RecurrentResult<Input> {
    const packed = input instanceof PackedSequence ? input : null;
    const given: Tensor = packed ? packed.data : (input as Tensor);
    const unbatched = this.#checkInput(given, !!packed);
    const swapped = this.batchFirst && !unbatched && !packed;
    const x = unbatched ? given.unsqueeze(1) : swapped ? given.transpose(0, 1) : given;
    const states = initial && this.#checkStates(initial, unbatched ? null : x.shape[1]!);
    const { output, lasts } = this.#runLayers(x, packed?.lengths ?? null, states);
    const state = this.#eachState((name) => {
      const stacked = stack(lasts.map((last) => last[name]!));
      return unbatched ? stacked.squeeze(1) : stacked;
    });
    if (packed) return { output: packed.with(output) as Input, state };
    if (unbatched) return { output: output.squeeze(1) as Input, state };
    return { output: (swapped ? output.transpose(0, 1) : output) as Input, state };
  }

  /** Makes a tensor for each state that the cell has. */
  #eachState(make: (name: StateName) => Tensor): RecurrentStates {
    const states = this.#op.cell.states.map((name) => [name, make(name)] as const);
    return Object.fromEntries(states) as unknown as RecurrentStates;
  }

  /** @param x [T, N, inputSize] */
  #runLayers(x: Tensor, lengths: Tensor | null, initial: RecurrentStates | null) {
    const where = `${this.#name}.forward`;
    const lasts: RecurrentStates[] = [];
    let sequence = x;
    for (const [l, directions] of this.#layers.entries()) {
      const outputs = directions.map((layer, d) => {
        const index = l * directions.length + d;
        const state = initial && this.#eachState((name) => initial[name]!.select(0, index));
        const options = { reverse: d === 1, recompute: this.recompute };
        const { output, last } = layer.forward(where, sequence, state, lengths, options);
        lasts.push(last);
        return output;
      });
      sequence = outputs.length === 1 ? outputs[0]! : cat(outputs, 2);
      if (l < this.numLayers - 1) sequence = dropoutIn(where, this, sequence, this.dropout);
    }
    return { output: sequence, lasts };
  }

  /** Returns whether the input is a single sequence. */
  #checkInput(input: Tensor, packed: boolean): boolean {
    const where = `${this.#name}.forward`;
    if (!(input instanceof Tensor)) {
      throw new ShapeError(
        `${where}: the input must be a tensor or a PackedSequence, got ${show(input)}; call it inside a traced function`,
      );
    }
    const { shape } = input;
    const wanted = packed
      ? `packed sequences of [*, ${this.inputSize}]`
      : `${this.batchFirst ? "[N, T, " : "[T, N, "}${this.inputSize}] or [T, ${this.inputSize}]`;
    if (shape.length !== 3 && (packed || shape.length !== 2)) {
      const advice = shape.length < 2 ? "add the missing axes" : "reshape it";
      throw new ShapeError(`${where}: input must be ${wanted}, got ${showShape(shape)}; ${advice}`);
    }
    if (shape[shape.length - 1] !== this.inputSize) {
      throw new ShapeError(
        `${where}: input must be ${wanted}, got ${showShape(shape)}; its last dimension is inputSize`,
      );
    }
    return shape.length === 2;
  }

  /** Returns the states as [L·D, N, *]. */
  #checkStates(states: RecurrentStates, batch: number | null): RecurrentStates {
    const count = this.numLayers * (this.bidirectional ? 2 : 1);
    return this.#eachState((name) => {
      const state = states[name];
      const width = name === "c" ? this.hiddenSize : this.#stateSize;
      const wanted: Shape = batch === null ? [count, width] : [count, batch, width];
      const label = this.#op.cell.states.length > 1 ? `state.${name}` : "state";
      if (!(state instanceof Tensor) || !sameShape(state.shape, wanted)) {
        const got = state instanceof Tensor ? showShape(state.shape) : show(state);
        throw new ShapeError(`${this.#name}.forward: ${label} must be ${showShape(wanted)}, got ${got}`);
      }
      return batch === null ? state.unsqueeze(1) : state;
    });
  }
}
