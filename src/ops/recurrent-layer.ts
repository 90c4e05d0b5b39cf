import { copyRun, fill } from "./copy.ts";
import { gemm, weightGradient } from "./gemm.ts";
import { maskDispatch } from "./mask-steps.ts";
import { type Dispatch, flag, type Op, type Operand } from "./op.ts";
import {
  History,
  type Recurrence,
  type RecurrenceGradients,
  type RecurrentPart,
  type RecurrentSizes,
} from "./recurrence.ts";

export interface RecurrentAttributes {
  readonly hiddenSize: number;
  /** Whether time runs from the end of the sequences. */
  readonly reverse: boolean;
  /** Elman RNNs: whether the nonlinearity is max(·, 0) and not tanh. */
  readonly relu?: boolean;
}

/** What tells LSTM, GRU and Elman RNN apart, beside their kernels. */
export interface CellKind {
  readonly name: "lstm" | "gru" | "rnn";
  /** Floats of a unit's gates: 4, or 1. */
  readonly slots: number;
  /** Slots that the input's weights have, and the hidden state's: one bit each. The others are zero and stay zero. */
  readonly inputSlots: number;
  readonly hiddenSlots: number;
  /** Whether a hidden state reaches the next one other than through W_hh. */
  readonly passesHidden: boolean;
  /** What runs the recurrent part. */
  readonly part: RecurrentPart;
}

/** A layer's inputs by name. All weights and biases but W_hr are in the kernels' layout (see nn/gate-layout). */
function named(inputs: readonly (Operand | null)[]) {
  const [x, weightIh, weightHh, biasIh, biasHh, h0, c0, lengths, weightHr] = inputs;
  return {
    x: x!,
    weightIh: weightIh!,
    weightHh: weightHh!,
    biasIh: biasIh ?? null,
    biasHh: biasHh ?? null,
    h0: h0 ?? null,
    c0: c0 ?? null,
    lengths: lengths ?? null,
    weightHr: weightHr ?? null,
  };
}

function sizesOf(inputs: readonly (Operand | null)[], { hiddenSize }: RecurrentAttributes): RecurrentSizes {
  const { x, weightHr } = named(inputs);
  const [T, N, I] = x.shape as [number, number, number];
  return { T, N, I, H: hiddenSize, R: weightHr ? weightHr.shape[0]! : hiddenSize };
}

/**
 * One recurrent layer in one direction over a whole sequence: one product for the input of all steps, then the
 * recurrent part, and backwards one product for each weight over all steps.
 *
 * Inputs: x [T, N, I]; weight_ih, weight_hh; bias_ih, bias_hh or null; h0 [N, R] (and an LSTM's c0 [N, H]) or null; lengths [N] or null;
 * an LSTM's weight_hr [R, H] or null. Outputs: h of every step [T, N, R], zero past a sequence's end; the last h [N, R]; an LSTM's last c.
 */
export function recurrentLayer(kind: CellKind): Op<RecurrentAttributes> {
  const hasCell = kind.name === "lstm";

  const recurrenceOf = (
    inputs: readonly (Operand | null)[],
    saved: readonly Operand[],
    attributes: RecurrentAttributes,
  ): Recurrence => {
    const { weightHh, biasHh, h0, lengths, weightHr } = named(inputs);
    const [hidden, gates, cells, full] = saved;
    const sizes = sizesOf(inputs, attributes);
    const { T, N, H, R } = sizes;
    const { reverse, relu = false } = attributes;
    return {
      sizes,
      reverse,
      gates: gates!,
      weight: weightHh,
      bias: biasHh,
      hidden: hidden!,
      cells: cells ?? null,
      lengths,
      hasInitialState: !!h0,
      hiddenAt: new History(T, N * R, reverse),
      cellsAt: new History(T, N * H, reverse),
      projection: weightHr ? { weight: weightHr, full: full! } : null,
      relu,
    };
  };

  return {
    name: kind.name,
    // Gates are overwritten by their gradients.
    overwritesSaved: true,
    ownSlice(inputs, { reverse }) {
      const { x, lengths } = named(inputs);
      // Where a sequence is shorter its last output is not at the end of the output.
      return lengths ? null : reverse ? 0 : x.shape[0]! - 1;
    },

    infer(inputs, attributes) {
      const { T, N, H, R } = sizesOf(inputs, attributes);
      const { lengths, weightHr } = named(inputs);
      const hidden = new History(T, N * R, attributes.reverse);
      const cells = new History(T, N * H, attributes.reverse);
      const shape = [T, N, R];
      return {
        outputs: [
          // Past a sequence's end the history holds its last state, and the output zeros.
          lengths ? { shape } : { shape, view: { saved: 0, offset: hidden.at(0) } },
          { shape: [N, R] },
          ...(hasCell ? [{ shape: [N, H] }] : []),
        ],
        saved: [
          [hidden.elements],
          [T, N, H, kind.slots],
          ...(hasCell ? [[cells.elements]] : []),
          ...(weightHr ? [[cells.elements]] : []),
        ],
      };
    },

    forward({ inputs, outputs: [output, lastHidden, lastCell], saved }, attributes, plan) {
      const { x, weightIh, biasIh, h0, c0, lengths } = named(inputs);
      const recurrence = recurrenceOf(inputs, saved, attributes);
      const { sizes, reverse, gates, hidden, cells, hiddenAt, cellsAt } = recurrence;
      const { T, N, I, H, R } = sizes;
      const columns = kind.slots * H;
      const dispatches = [
        gemm(
          {
            rows: T * N,
            columns,
            depth: I,
            a: { operand: x, strides: [I, 1] },
            b: { operand: weightIh, strides: [columns, 1] },
            c: { operand: gates, strides: [columns, 1] },
            bias: biasIh,
          },
          plan,
        ),
      ];
      const [initial, last] = reverse ? [T, 0] : [-1, T - 1];
      const copy = (size: number, from: Operand, fromOffset: number, to: Operand, toOffset: number) =>
        dispatches.push(
          copyRun(size, { operand: from, offset: fromOffset }, { operand: to, offset: toOffset }, plan),
        );
      if (h0) copy(N * R, h0, 0, hidden, hiddenAt.at(initial));
      if (c0) copy(N * H, c0, 0, cells!, cellsAt.at(initial));
      dispatches.push(...kind.part.forward(recurrence, plan));
      if (lengths && output) {
        const history = plan.view(hidden, hiddenAt.at(0), output.shape);
        dispatches.push(maskDispatch(history, lengths, output, 0, plan));
      }
      if (lastHidden) copy(N * R, hidden, hiddenAt.at(last), lastHidden, 0);
      if (lastCell) copy(N * H, cells!, cellsAt.at(last), lastCell, 0);
      return dispatches;
    },

    backward({ inputs, saved, gradOutputs, gradInputs }, attributes, plan) {
      const { x, weightIh, weightHh, lengths, weightHr } = named(inputs);
      const [gradOutput, gradHidden, gradCell] = gradOutputs;
      const [gradX, gradWeightIh, gradWeightHh, gradBiasIh, gradBiasHh, gradH0, gradC0, , gradWeightHr] =
        gradInputs;
      const recurrence = recurrenceOf(inputs, saved, attributes);
      const { sizes, reverse, gates, hidden, hiddenAt, hasInitialState } = recurrence;
      const { T, N, I, H, R } = sizes;
      const columns = kind.slots * H;
      const dispatches: Dispatch[] = [];

      const keepsHidden = kind.passesHidden || !!lengths;
      const gradients: RecurrenceGradients = {
        output: gradOutput ?? null,
        hiddenCarry: keepsHidden && gradH0 ? gradH0 : plan.temporary([N, R]),
        hasHidden: !!gradHidden,
        keepsHidden,
        cellCarry: hasCell ? (gradC0 ?? plan.temporary([N, H])) : null,
        hasCell: !!gradCell,
        projected: weightHr ? plan.temporary([T, N, R]) : null,
      };
      const { hiddenCarry, cellCarry } = gradients;
      if (gradHidden)
        dispatches.push(copyRun(N * R, { operand: gradHidden }, { operand: hiddenCarry! }, plan));
      if (gradCell) dispatches.push(copyRun(N * H, { operand: gradCell }, { operand: cellCarry! }, plan));
      dispatches.push(...kind.part.backward(recurrence, gradients, plan));
      // From here on `gates` holds dG, the gradients of the preactivations.

      if (gradWeightIh || gradBiasIh || gradBiasHh) {
        const biases = [
          ...(gradBiasIh ? [{ operand: gradBiasIh, slots: kind.inputSlots }] : []),
          ...(gradBiasHh ? [{ operand: gradBiasHh, slots: kind.hiddenSlots }] : []),
        ];
        dispatches.push(
          ...weightGradient(
            {
              depth: T * N,
              x: { operand: x, columns: I },
              gradY: { operand: gates, columns },
              weight: { operand: gradWeightIh ?? plan.temporary([I, columns]), strides: [columns, 1] },
              slots: kind.inputSlots,
              biases,
            },
            plan,
          ),
        );
      }
      if (gradWeightHh) {
        // A step's gates meet the hidden state of the step before; a zero initial state contributes nothing.
        const skipped = flag(!hasInitialState);
        const firstGate = reverse ? 0 : skipped;
        const firstHidden = reverse ? 1 : skipped - 1;
        if (skipped < T) {
          dispatches.push(
            ...weightGradient(
              {
                depth: (T - skipped) * N,
                x: { operand: hidden, offset: hiddenAt.at(firstHidden), columns: R },
                gradY: { operand: gates, offset: firstGate * N * columns, columns },
                weight: { operand: gradWeightHh, strides: [columns, 1] },
                slots: kind.hiddenSlots,
                biases: [],
              },
              plan,
            ),
          );
        } else {
          dispatches.push(fill(gradWeightHh, 0, plan));
        }
      }
      if (gradWeightHr) {
        dispatches.push(
          ...weightGradient(
            {
              depth: T * N,
              x: { operand: saved[3]!, offset: recurrence.cellsAt.at(0), columns: H },
              gradY: { operand: gradients.projected!, columns: R },
              weight: { operand: gradWeightHr, strides: [1, H] },
              biases: [],
            },
            plan,
          ),
        );
      }
      /** dG·W'ᵀ over `rows` rows from step `first` on, added to what `target` holds if that is asked for. */
      const throughWeight = (
        weight: Operand,
        first: number,
        rows: number,
        target: Operand,
        accumulate = false,
      ) => {
        const width = target.shape[target.shape.length - 1]!;
        return gemm(
          {
            rows,
            columns: width,
            depth: columns,
            a: { operand: gates, offset: first * N * columns, strides: [columns, 1] },
            b: { operand: weight, strides: [1, columns] },
            c: { operand: target, strides: [width, 1] },
            accumulate,
          },
          plan,
        );
      };
      if (gradX) dispatches.push(throughWeight(weightIh, 0, T * N, gradX));
      if (gradH0) dispatches.push(throughWeight(weightHh, reverse ? T - 1 : 0, N, gradH0, keepsHidden));
      return dispatches;
    },
  };
}
