/** LSTM, GRU and SimpleRNN, in one direction or in both. */
import { ShapeError } from "../../../errors.ts";
import { Parameter } from "../../../graph/parameter.ts";
import { apply, cat, recording, type Tensor } from "../../../graph/tensor.ts";
import { gateLayout } from "../../../nn/gate-layout.ts";
import { Module } from "../../../nn/module.ts";
import { gateSlots, slotCount } from "../../../ops/recurrent/cell.ts";
import { gru } from "../../../ops/recurrent/gru.ts";
import type { RecurrentOp } from "../../../ops/recurrent/layer.ts";
import { lstm } from "../../../ops/recurrent/lstm.ts";
import { inputsByPosition, outputsByName } from "../../../ops/recurrent/operands.ts";
import { rnnRelu, rnnTanh } from "../../../ops/recurrent/rnn.ts";
import { showShape } from "../../../shape.ts";
import { activationOf } from "../activations.ts";
import type { LayerFile } from "../layer-file.ts";
import type { Weights } from "../weights.ts";
import { maskOf, rateOf } from "./simple.ts";
import { type Cell, type CellKind, type CellWeights, runBySteps } from "./steps.ts";

/** The gates in PyTorch's order, by their places in Keras': i, f, c, o; z, r, h. */
const ORDER: Readonly<Record<CellKind, readonly number[]>> = {
  LSTM: [0, 1, 2, 3],
  GRU: [1, 0, 2],
  SimpleRNN: [0],
};

/** A cell, and how its layer runs it. */
interface Recurrence {
  readonly cell: Cell;
  /** The op that computes it; `null` for step by step. */
  readonly op: RecurrentOp | null;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly useBias: boolean;
  readonly returnSequences: boolean;
  readonly goBackwards: boolean;
}

type Merge = "concat" | "sum" | "ave" | "mul";

interface Direction {
  readonly reverse: boolean;
  readonly weights: CellWeights;
}

/** State-dict keys are those of `nn.LSTM`, `nn.GRU` and `nn.RNN`. */
class RecurrentLayer extends Module {
  readonly #recurrence: Recurrence;
  readonly #directions: readonly Direction[];
  readonly #merge: Merge | null;

  constructor(recurrence: Recurrence, directions: readonly Direction[], merge: Merge | null) {
    super();
    this.#recurrence = recurrence;
    this.#directions = directions;
    this.#merge = merge;
    for (const [d, { weights }] of directions.entries()) {
      const suffix = d === 0 ? "_l0" : "_l0_reverse";
      const named = {
        weight_ih: weights.weightIh,
        weight_hh: weights.weightHh,
        bias_ih: weights.biasIh,
        bias_hh: weights.biasHh,
      };
      for (const [name, parameter] of Object.entries(named)) {
        if (parameter) this.registerParameter(name + suffix, parameter);
      }
    }
  }

  /** @param x [N, T, I] @returns [N, T, D·H] or [N, D·H] */
  forward(x: Tensor): Tensor {
    const width = this.#directions[0]!.weights.weightIh.shape[1]!;
    if (x.shape.length !== 3 || x.shape[2] !== width) {
      throw new ShapeError(`its input must be [batch, steps, ${width}], got ${showShape(x.shape)}`);
    }
    const results = this.#directions.map((direction) => this.#run(x, direction));
    const [first, second] = results as [Tensor, Tensor?];
    if (!second) return first;
    switch (this.#merge) {
      case "sum":
        return first.add(second);
      case "ave":
        return first.add(second).mul(0.5);
      case "mul":
        return first.mul(second);
      default:
        return cat([first, second], -1);
    }
  }

  #run(x: Tensor, { reverse, weights }: Direction): Tensor {
    const { cell, op, dropout, recurrentDropout, returnSequences } = this.#recurrence;
    const [N, T, I] = x.shape as [number, number, number];
    const { units: H } = cell;
    // One mask for all time steps.
    const kept = dropout === 0 ? x : x.mul(maskOf(this, [N, 1, I], dropout));
    const steps = kept.transpose(0, 1);
    let result: { readonly output: Tensor | null; readonly h: Tensor | null };
    if (op) {
      const operands = inputsByPosition<Tensor>({
        x: steps,
        ...weights,
        h0: null,
        c0: null,
        lengths: null,
        weightHr: null,
      });
      result = outputsByName<Tensor>(apply(cell.kind, op, operands, { hiddenSize: H, reverse }));
    } else {
      const zeros = () => recording.current("TfjsModel.forward").literal(new Float32Array(N * H), [N, H]);
      const mask = recurrentDropout === 0 ? null : maskOf(this, [N, H], recurrentDropout);
      result = runBySteps(cell, weights, steps, zeros, mask, reverse);
    }
    if (!returnSequences) return result.h!;
    const output = result.output!;
    // A layer that goes backwards gives its outputs in the order in which it makes them; one of two directions in the input's.
    const turned = this.#recurrence.goBackwards ? reversed(output, T) : output;
    return turned.transpose(0, 1);
  }
}

/** The steps from the last to the first. */
function reversed(x: Tensor, T: number): Tensor {
  const order = Float32Array.from({ length: T }, (_, t) => T - 1 - t);
  return x.indexSelect(0, recording.current("TfjsModel.forward").literal(order, [T]));
}

function recurrenceOf(layer: LayerFile): Recurrence {
  const kind = layer.kind as CellKind;
  layer.not(
    "stateful",
    "states that go on from batch to batch are not kept; call the model on whole sequences",
  );
  layer.not("return_state", "layers with one output are computed here");
  layer.not("time_major", "the batch comes first here");
  const activation = activationOf(layer, "activation", "tanh");
  const isGated = kind !== "SimpleRNN";
  const gates = isGated
    ? activationOf(layer, "recurrent_activation", layer.isKeras3 ? "sigmoid" : "hard_sigmoid")
    : null;
  const resetAfter = kind === "GRU" && layer.flag("reset_after", false);
  const recurrentDropout = rateOf(layer, "recurrent_dropout", 0);
  const byKernels =
    recurrentDropout === 0 && (!gates || gates.name === "sigmoid") && (kind !== "GRU" || resetAfter);
  const ops: Readonly<Record<CellKind, Readonly<Record<string, RecurrentOp>>>> = {
    LSTM: { tanh: lstm },
    GRU: { tanh: gru },
    SimpleRNN: { tanh: rnnTanh, relu: rnnRelu },
  };
  const offered = ops[kind];
  const op = byKernels && Object.hasOwn(offered, activation.name) ? offered[activation.name]! : null;
  return {
    cell: {
      kind,
      units: layer.size("units"),
      activation: activation.compute,
      recurrentActivation: (gates ?? activation).compute,
      resetAfter,
    },
    op,
    dropout: rateOf(layer, "dropout", 0),
    recurrentDropout,
    useBias: layer.flag("use_bias", true),
    returnSequences: layer.flag("return_sequences", false),
    goBackwards: layer.flag("go_backwards", false),
  };
}

/** A direction's parameters from Keras' kernels [in, gates·H]. */
function weightsOf(
  layer: LayerFile,
  part: string,
  { cell, op, useBias }: Recurrence,
  weights: Weights,
): CellWeights {
  const { kind, units: H, resetAfter } = cell;
  const order = ORDER[kind];
  const rows = order.length * H;
  /** The row of PyTorch's weight for a column of Keras'. */
  const rowOf = (column: number) => order.indexOf(Math.floor(column / H)) * H + (column % H);
  const slots = op && gateSlots(op.cell);
  const layout = (of: "input" | "hidden") => slots && op && gateLayout(slots[of], slotCount(op.cell), H);
  const matrix = (name: string, inputs: number, of: "input" | "hidden") => {
    const file = weights.take(layer, part, name, [inputs, rows]);
    const depth = file.shape[0]!;
    const place = (row: number, column: number) => rowOf(column) * depth + row;
    return weights.parameter(file, [rows, depth], place, layout(of));
  };
  const weightIh = matrix("kernel", -1, "input");
  const weightHh = matrix("recurrent_kernel", H, "hidden");
  if (!useBias) return { weightIh, weightHh, biasIh: null, biasHh: null };
  if (resetAfter) {
    const both = weights.values(weights.take(layer, part, "bias", [2, rows]));
    const [biasIh, biasHh] = (["input", "hidden"] as const).map((of, i) => {
      const bias = new Float32Array(rows);
      for (let column = 0; column < rows; column++) bias[rowOf(column)] = both[i * rows + column]!;
      return new Parameter([rows], bias, layout(of));
    }) as [Parameter, Parameter];
    return { weightIh, weightHh, biasIh, biasHh };
  }
  const file = weights.take(layer, part, "bias", [rows]);
  const biasIh = weights.parameter(file, [rows], (_, column) => rowOf(column), layout("input"));
  if (kind === "GRU") return { weightIh, weightHh, biasIh, biasHh: null };
  // Keras has one bias. The second one of nn.LSTM and nn.RNN stays 0.
  weights.spend(rows);
  const biasHh = new Parameter([rows], new Float32Array(rows), layout("hidden")).requiresGrad_(false);
  return { weightIh, weightHh, biasIh, biasHh };
}

export function recurrent(layer: LayerFile, weights: Weights): Module {
  const recurrence = recurrenceOf(layer);
  const reverse = recurrence.goBackwards;
  return new RecurrentLayer(
    recurrence,
    [{ reverse, weights: weightsOf(layer, "", recurrence, weights) }],
    null,
  );
}

/** Options in which the two directions must agree. */
const SHARED = [
  "units",
  "activation",
  "recurrent_activation",
  "use_bias",
  "reset_after",
  "dropout",
  "recurrent_dropout",
  "return_sequences",
];

export function bidirectional(layer: LayerFile, weights: Weights): Module {
  const forward = layer.inner("layer");
  if (!Object.hasOwn(ORDER, forward.kind)) {
    throw layer.refuse(
      `a layer of ${forward.kind.slice(0, 40)} in both directions is not computed here, only LSTM, GRU and SimpleRNN`,
    );
  }
  if (layer.get("merge_mode") === undefined && Object.hasOwn(layer.config, "merge_mode")) {
    throw layer.refuse("merge_mode null gives two outputs; layers with one are computed here");
  }
  const merge = layer.oneOf("merge_mode", ["concat", "sum", "ave", "mul"], "concat");
  forward.not("go_backwards", "the forward direction goes forward here");
  if (layer.get("backward_layer") !== undefined) {
    const backward = layer.inner("backward_layer");
    const differs = SHARED.filter((key) => backward.get(key) !== forward.get(key));
    if (backward.kind !== forward.kind || differs.length > 0) {
      throw layer.refuse("a backward_layer with other options than the layer is not computed here");
    }
  }
  const recurrence = recurrenceOf(forward);
  const directions = [false, true].map((reverse) => ({
    reverse,
    weights: weightsOf(layer, reverse ? "backward" : "forward", recurrence, weights),
  }));
  return new RecurrentLayer(recurrence, directions, merge);
}
