import { hasLanes4 } from "../lanes4.ts";
import type { Dispatch, Op, Operand, PlanContext } from "../op.ts";
import { sliceTexts } from "../product/texts.ts";
import { copyRun, fill } from "../tensor/copy.ts";
import { type Cell, hasCellState, type RecurrentAttributes, slotCount } from "./cell.ts";
import { trials } from "./fastest.ts";
import { forwardSteps, sequence4 } from "./forward-steps.ts";
import { History } from "./history.ts";
import { recurrenceOf, sizesOf } from "./layer-recurrence.ts";
import { maskDispatch } from "./mask-steps.ts";
import { offeredTexts, offers } from "./offers-chunk.ts";
import { inputsByName, outputsByName, SAVED_HIDDEN, savedByPosition } from "./operands.ts";
import { inputProduct } from "./products.ts";
import type { Recurrence } from "./recurrence.ts";
import { spansOf } from "./steps.ts";
import { sequenceTexts } from "./texts.ts";

/** The op of a recurrent layer, and the cell that it runs. */
export interface RecurrentOp extends Op<RecurrentAttributes> {
  readonly cell: Cell;
}

/** Whether an op is a recurrent layer. */
export function isRecurrentOp(op: Op<never>): op is RecurrentOp {
  return "cell" in op;
}

/**
 * One recurrent layer in one direction over a whole sequence. Forward: one product for the input of all steps, then the recurrent
 * part. Backward: the recurrent part from the end, then one product for each weight over all steps.
 */
export function recurrentLayer(cell: Cell): RecurrentOp {
  const slots = slotCount(cell);
  const hasCell = hasCellState(cell);

  return {
    name: cell.name,
    cell,
    takesLayout: true,
    // The gradients of the gates overwrite the gates.
    overwritesSaved: true,
    ownSlice(operands, { reverse }) {
      const { x, lengths } = inputsByName(operands);
      // With lengths, the last output of a shorter sequence is not at the end of the output.
      return lengths ? null : reverse ? 0 : x.shape[0]! - 1;
    },
    needs(pass, operands, plan) {
      const { lengths } = inputsByName(operands);
      const texts = offeredTexts(cell, plan);
      const { sequence4: ofLanes4, ...kernels } = cell.kernels[pass];
      return [
        ...Object.values(kernels).map(({ declaration }) => declaration.texts),
        ...(ofLanes4 && hasLanes4(plan.facts) ? [ofLanes4.declaration.texts, sequence4] : []),
        ...(texts ? [offers, texts] : []),
        ...(plan.calibrate || plan.proves ? [trials] : []),
        ...(lengths ? [sequenceTexts] : []),
        ...(pass === "backward" ? [sliceTexts] : []),
      ];
    },
    units(operands, attributes) {
      const { T, N, H } = sizesOf(cell, inputsByName(operands), attributes);
      return T * N * H;
    },

    infer(operands, attributes) {
      const inputs = inputsByName(operands);
      const { T, N, H, R } = sizesOf(cell, inputs, attributes);
      const hidden = new History(T, N * R, attributes.reverse);
      const cells = [new History(T, N * H, attributes.reverse).elements];
      const shape = [T, N, R];
      return {
        outputs: [
          // Past a sequence's end the history holds its last state, and the output zeros.
          inputs.lengths ? { shape } : { shape, view: { saved: SAVED_HIDDEN, offset: hidden.at(0) } },
          { shape: [N, R] },
          ...(hasCell ? [{ shape: [N, H] }] : []),
        ],
        saved: savedByPosition({
          hidden: [hidden.elements],
          gates: [T, N, H, slots],
          cells: hasCell ? cells : null,
          unprojected: inputs.weightHr ? cells : null,
        }),
      };
    },

    forward({ inputs: operands, outputs, saved, differentiated }, attributes, plan) {
      const inputs = inputsByName(operands);
      const { h0, c0, lengths } = inputs;
      const { output, h, c } = outputsByName(outputs);
      const kept = recurrenceOf(cell, inputs, saved, attributes);
      const recurrence = differentiated ? kept : withoutHistory(kept, !!output, plan);
      const { sizes, reverse, hidden, cells, hiddenAt, cellsAt } = recurrence;
      const { T, N, H, R } = sizes;
      const dispatches: Dispatch[] = [];
      const [initial, last] = reverse ? [T, 0] : [-1, T - 1];
      const copy = (size: number, from: Operand, fromOffset: number, to: Operand, toOffset: number) =>
        dispatches.push(
          copyRun(size, { operand: from, offset: fromOffset }, { operand: to, offset: toOffset }, plan),
        );
      // Zeros take part in the products: not every weight times 0 is 0.
      const begin = (size: number, from: Operand | null, to: Operand, offset: number) =>
        from ? copy(size, from, 0, to, offset) : dispatches.push(fill(to, 0, plan, offset, size));
      begin(N * R, h0, hidden, hiddenAt.at(initial));
      if (cells) begin(N * H, c0, cells, cellsAt.at(initial));
      const chunked = attributes.recompute || !differentiated;
      const spans = spansOf(sizes, reverse, chunked);
      const longest = Math.max(...spans.map(({ count }) => count));
      const gates = chunked !== false ? plan.temporary([longest, N, H, slots]) : recurrence.gates;
      for (const span of spans) {
        const part = { ...recurrence, gates, span };
        dispatches.push(inputProduct(part, inputs, plan), ...forwardSteps(cell, part, plan));
      }
      if (lengths && output) {
        const history = plan.view(hidden, hiddenAt.at(0), output.shape);
        dispatches.push(maskDispatch(history, lengths, output, 0, plan));
      }
      if (h) copy(N * R, hidden, hiddenAt.at(last), h, 0);
      if (c) copy(N * H, cells!, cellsAt.at(last), c, 0);
      return dispatches;
    },
  };
}

/** A recurrence without a backward pass: if nobody reads its output, it keeps only the current state and the one before. */
function withoutHistory(recurrence: Recurrence, isRead: boolean, plan: PlanContext): Recurrence {
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
    projection: projection && { ...projection, unprojected: plan.temporary([cellsAt.elements]) },
  };
}
