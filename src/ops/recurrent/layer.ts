import type { Dispatch, Op, Operand, PlanContext } from "../op.ts";
import { copyRun } from "../tensor/copy.ts";
import { type CellKind, named, type RecurrentAttributes, sizesOf } from "./cell.ts";
import { backwardOf } from "./gradients.ts";
import { maskDispatch } from "./mask-steps.ts";
import { History, type Recurrence } from "./recurrence.ts";
import { inputProduct, spansOf } from "./spans.ts";

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
      span: { first: 0, count: T },
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
    units(inputs, attributes) {
      const { T, N, H } = sizesOf(inputs, attributes);
      return T * N * H;
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

    forward({ inputs, outputs: [output, lastHidden, lastCell], saved, differentiated }, attributes, plan) {
      const { h0, c0, lengths } = named(inputs);
      const kept = recurrenceOf(inputs, saved, attributes);
      const recurrence = differentiated ? kept : fleeting(kept, !!output, plan);
      const { sizes, reverse, hidden, cells, hiddenAt, cellsAt } = recurrence;
      const { T, N, H, R } = sizes;
      const dispatches: Dispatch[] = [];
      const [initial, last] = reverse ? [T, 0] : [-1, T - 1];
      const copy = (size: number, from: Operand, fromOffset: number, to: Operand, toOffset: number) =>
        dispatches.push(
          copyRun(size, { operand: from, offset: fromOffset }, { operand: to, offset: toOffset }, plan),
        );
      if (h0) copy(N * R, h0, 0, hidden, hiddenAt.at(initial));
      if (c0) copy(N * H, c0, 0, cells!, cellsAt.at(initial));
      const chunked = attributes.recompute || !differentiated;
      const spans = spansOf(sizes, reverse, chunked);
      const longest = Math.max(...spans.map(({ count }) => count));
      const gates = chunked !== false ? plan.temporary([longest, N, H, kind.slots]) : recurrence.gates;
      for (const span of spans) {
        const part = { ...recurrence, gates, span };
        dispatches.push(inputProduct(kind, part, inputs, plan), ...kind.part.forward(part, plan));
      }
      if (lengths && output) {
        const history = plan.view(hidden, hiddenAt.at(0), output.shape);
        dispatches.push(maskDispatch(history, lengths, output, 0, plan));
      }
      if (lastHidden) copy(N * R, hidden, hiddenAt.at(last), lastHidden, 0);
      if (lastCell) copy(N * H, cells!, cellsAt.at(last), lastCell, 0);
      return dispatches;
    },

    backward: (operands, attributes, plan) =>
      backwardOf(kind, recurrenceOf(operands.inputs, operands.saved, attributes), operands, attributes, plan),
  };
}

/**
 * A recurrence that no backward pass follows: where nobody reads its output, of the states' histories the last two
 * blocks are enough.
 */
function fleeting(recurrence: Recurrence, isRead: boolean, plan: PlanContext): Recurrence {
  if (isRead) return recurrence;
  const { sizes, reverse, cells, projection } = recurrence;
  const { T, N, H, R } = sizes;
  const hiddenAt = new History(T, N * R, reverse, true);
  const cellsAt = new History(T, N * H, reverse, true);
  return {
    ...recurrence,
    hidden: plan.temporary([hiddenAt.elements]),
    cells: cells && plan.temporary([cellsAt.elements]),
    hiddenAt,
    cellsAt,
    projection: projection && { ...projection, full: plan.temporary([cellsAt.elements]) },
  };
}
