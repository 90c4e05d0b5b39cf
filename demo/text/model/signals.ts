/** What is watched of every unit while a model reads a character: its states, and its gates by PyTorch's names. */
import { cat, type nn, type Tensor } from "webgpu-lstm";
import type { CellKind } from "../../../tasks/series/cells.ts";

/** The signals of a unit, in the order in which they are read. */
export const SIGNALS: Readonly<Record<CellKind, readonly string[]>> = {
  LSTM: ["h", "c", "i", "f", "g", "o"],
  GRU: ["h", "r", "z", "n"],
  RNN: ["h"],
};

/** Some characters with every unit's signals after each. */
export interface Thought {
  readonly characters: readonly string[];
  /** [characters, signals, units]; units layer by layer. */
  readonly signals: Float32Array;
  readonly cell: CellKind;
  readonly units: number;
}

/** A unit's signals after character number `at`, in the order of {@link SIGNALS}. */
export function signalsOf({ signals, cell, units }: Thought, at: number, unit: number): number[] {
  const { length } = SIGNALS[cell];
  return Array.from({ length }, (_, s) => signals[(at * length + s) * units + unit]!);
}

/** What colours a character, −1 to 1: an LSTM's memory tanh(c), the others' state h. */
export function shadeOf({ signals, cell, units }: Thought, at: number, unit: number): number {
  const { length } = SIGNALS[cell];
  const value = (signal: number) => signals[(at * length + signal) * units + unit]!;
  return cell === "LSTM" ? Math.tanh(value(1)) : value(0);
}

/** The state of a model's layers: [layers, N, H] each. */
export interface LayerStates {
  readonly h: Tensor;
  readonly c: Tensor | undefined;
}

/**
 * Traces every signal of one step.
 * @param x The embedded characters [N, E]
 * @param before The states before the step, and `after` after it
 * @returns [N, signals · units]
 */
export function traceSignals(
  cell: CellKind,
  layers: nn.LSTM | nn.GRU | nn.RNN,
  x: Tensor,
  before: LayerStates,
  after: LayerStates,
): Tensor {
  const { numLayers, hiddenSize } = layers;
  const parameters = new Map(layers.namedParameters());
  const perLayer = Array.from({ length: numLayers }, (_, l) => {
    const affine = (of: Tensor, which: string) =>
      of
        .matmul(parameters.get(`weight_${which}_l${l}`)!.transpose(0, 1))
        .add(parameters.get(`bias_${which}_l${l}`)!);
    const fromInput = affine(l === 0 ? x : after.h.select(0, l - 1), "ih");
    const fromState = affine(before.h.select(0, l), "hh");
    const part = (of: Tensor, gate: number) => of.slice(1, gate * hiddenSize, (gate + 1) * hiddenSize);
    return [
      after.h.select(0, l),
      ...(after.c ? [after.c.select(0, l)] : []),
      ...GATES[cell](fromInput, fromState, part),
    ];
  });
  const signals = SIGNALS[cell].map((_, s) => perLayer.map((all) => all[s]!));
  return cat(signals.flat(), 1);
}

type Part = (of: Tensor, gate: number) => Tensor;

/** The formulas of PyTorch's pages. */
const GATES: Readonly<Record<CellKind, (input: Tensor, state: Tensor, part: Part) => Tensor[]>> = {
  LSTM: (input, state, part) => {
    const sum = input.add(state);
    return [part(sum, 0).sigmoid(), part(sum, 1).sigmoid(), part(sum, 2).tanh(), part(sum, 3).sigmoid()];
  },
  GRU: (input, state, part) => {
    const r = part(input, 0).add(part(state, 0)).sigmoid();
    const z = part(input, 1).add(part(state, 1)).sigmoid();
    return [
      r,
      z,
      part(input, 2)
        .add(r.mul(part(state, 2)))
        .tanh(),
    ];
  },
  RNN: () => [],
};
