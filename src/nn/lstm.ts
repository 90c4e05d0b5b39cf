import { checkBoolean, checkInteger, checkOptions, ShapeError, show } from "../errors.ts";
import { Parameter } from "../graph/parameter.ts";
import { apply, stack, Tensor } from "../graph/tensor.ts";
import { lstm } from "../ops/lstm.ts";
import { defaultGenerator } from "../random.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import { gateLayout } from "./gate-layout.ts";
import { Module } from "./module.ts";

export interface LstmOptions {
  /** Layers stacked on each other. Default 1. */
  readonly numLayers?: number;
  /** Whether gates have learned biases, two of them as in PyTorch. Default true. */
  readonly bias?: boolean;
  /** Whether input and output are [N, T, *] and not [T, N, *]; states are [L, N, H] either way. Default false. */
  readonly batchFirst?: boolean;
}

/** Hidden and cell state of every layer: [L, N, H] each, or [L, H] for unbatched input. */
export interface LstmState {
  readonly h: Tensor;
  readonly c: Tensor;
}

/** One layer's parameters. */
interface Layer {
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly biasIh: Parameter | null;
  readonly biasHh: Parameter | null;
}

const GATES = 4;

/**
 * A long short-term memory network, as `torch.nn.LSTM`
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html):
 * i, f, o = σ(W x + b + U h + d), g = tanh(W x + b + U h + d), c' = f∘c + i∘g, h' = o∘tanh(c').
 * State-dict keys are PyTorch's (`weight_ih_l0`, …), gates in the order i, f, g, o.
 */
export class LSTM extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly #layers: readonly Layer[];

  constructor(inputSize: number, hiddenSize: number, options: LstmOptions = {}) {
    super();
    checkInteger("LSTM", "inputSize", inputSize);
    checkInteger("LSTM", "hiddenSize", hiddenSize);
    checkOptions("LSTM", options, ["numLayers", "bias", "batchFirst"]);
    const { numLayers = 1, bias = true, batchFirst = false } = options;
    checkInteger("LSTM", "numLayers", numLayers);
    checkBoolean("LSTM", "bias", bias);
    checkBoolean("LSTM", "batchFirst", batchFirst);
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.batchFirst = batchFirst;

    const layout = gateLayout(GATES, hiddenSize);
    const bound = 1 / Math.sqrt(hiddenSize);
    const create = (name: string, shape: Shape) => {
      const data = new Float32Array(shape.reduce((size, n) => size * n, 1));
      const parameter = new Parameter(shape, defaultGenerator.uniform_(data, -bound, bound), layout);
      this.registerParameter(name, parameter);
      return parameter;
    };
    const rows = GATES * hiddenSize;
    this.#layers = Array.from({ length: numLayers }, (_, l) => ({
      weightIh: create(`weight_ih_l${l}`, [rows, l === 0 ? inputSize : hiddenSize]),
      weightHh: create(`weight_hh_l${l}`, [rows, hiddenSize]),
      biasIh: bias ? create(`bias_ih_l${l}`, [rows]) : null,
      biasHh: bias ? create(`bias_hh_l${l}`, [rows]) : null,
    }));
  }

  /**
   * @param input [T, N, inputSize], with `batchFirst` [N, T, inputSize], or [T, inputSize] for a single sequence.
   * @param state Initial states; zero if not given.
   * @returns `output`, the last layer's hidden state of every step, shaped as the input with H in place of inputSize, and
   * `state`, every layer's last states.
   */
  forward(input: Tensor, state?: LstmState): { output: Tensor; state: LstmState } {
    const unbatched = this.#checkInput(input);
    const swapped = this.batchFirst && !unbatched;
    let x = unbatched ? input.unsqueeze(1) : swapped ? input.transpose(0, 1) : input;
    const initial = state && this.#checkState(state, unbatched ? null : x.shape[1]!);
    const h: Tensor[] = [];
    const c: Tensor[] = [];
    for (const [l, layer] of this.#layers.entries()) {
      const [output, lastHidden, lastCell] = apply(
        "LSTM.forward",
        lstm,
        [
          x,
          layer.weightIh,
          layer.weightHh,
          layer.biasIh,
          layer.biasHh,
          initial ? initial.h.select(0, l) : null,
          initial ? initial.c.select(0, l) : null,
        ],
        { hiddenSize: this.hiddenSize, reverse: false },
      );
      h.push(lastHidden!);
      c.push(lastCell!);
      x = output!;
    }
    const finalState = { h: stack(h), c: stack(c) };
    if (unbatched) {
      return { output: x.squeeze(1), state: { h: finalState.h.squeeze(1), c: finalState.c.squeeze(1) } };
    }
    return { output: swapped ? x.transpose(0, 1) : x, state: finalState };
  }

  /** Returns whether the input is a single sequence. */
  #checkInput(input: Tensor): boolean {
    if (!(input instanceof Tensor)) {
      throw new ShapeError(
        `LSTM.forward: the input must be a tensor, got ${show(input)}; call it inside a traced function`,
      );
    }
    const { shape } = input;
    const wanted = `${this.batchFirst ? "[N, T, " : "[T, N, "}${this.inputSize}] or [T, ${this.inputSize}]`;
    if (shape.length !== 2 && shape.length !== 3) {
      const advice = shape.length < 2 ? "add the missing axes" : "reshape it";
      throw new ShapeError(`LSTM.forward: input must be ${wanted}, got ${showShape(shape)}; ${advice}`);
    }
    if (shape[shape.length - 1] !== this.inputSize) {
      throw new ShapeError(
        `LSTM.forward: input must be ${wanted}, got ${showShape(shape)}; its last dimension is inputSize`,
      );
    }
    return shape.length === 2;
  }

  /** Returns the states as [L, N, H]. */
  #checkState(state: LstmState, batch: number | null): LstmState {
    const { numLayers: L, hiddenSize: H } = this;
    const wanted = batch === null ? [L, H] : [L, batch, H];
    if (!(state?.h instanceof Tensor) || !(state.c instanceof Tensor)) {
      throw new ShapeError(
        `LSTM.forward: state must be { h, c } of two tensors ${showShape(wanted)}, got ${show(state)}`,
      );
    }
    for (const name of ["h", "c"] as const) {
      const { shape } = state[name];
      if (!sameShape(shape, wanted)) {
        throw new ShapeError(
          `LSTM.forward: state.${name} must be ${showShape(wanted)}, got ${showShape(shape)}`,
        );
      }
    }
    return batch === null ? { h: state.h.unsqueeze(1), c: state.c.unsqueeze(1) } : state;
  }
}
