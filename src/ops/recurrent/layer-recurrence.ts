import type { Operand } from "../op.ts";
import { type Cell, hasCellState, type RecurrentAttributes, slotCount, slotMasks } from "./cell.ts";
import { History } from "./history.ts";
import { type RecurrentInputs, savedByName } from "./operands.ts";
import type { Recurrence, RecurrentSizes } from "./recurrence.ts";

/** The sizes of a layer from its operands. */
export function sizesOf(
  cell: Cell,
  { x, weightHr }: RecurrentInputs<Operand>,
  { hiddenSize }: RecurrentAttributes,
): RecurrentSizes {
  const [T, N, I] = x.shape as [number, number, number];
  return { T, N, I, H: hiddenSize, R: weightHr ? weightHr.shape[0]! : hiddenSize, slots: slotCount(cell) };
}

/** What the recurrent part of a layer works on, over all time steps. */
export function recurrenceOf(
  cell: Cell,
  inputs: RecurrentInputs<Operand>,
  saved: readonly Operand[],
  attributes: RecurrentAttributes,
): Recurrence {
  const { weightHh, biasHh, lengths, weightHr } = inputs;
  const has = { cells: hasCellState(cell), projection: !!weightHr };
  const { hidden, gates, cells, unprojected } = savedByName(saved, has);
  const sizes = sizesOf(cell, inputs, attributes);
  const { T, N, H, R } = sizes;
  const { reverse } = attributes;
  return {
    sizes,
    span: { first: 0, count: T },
    reverse,
    gates,
    weight: weightHh,
    bias: biasHh,
    hidden,
    cells,
    lengths,
    hiddenAt: new History(T, N * R, reverse),
    cellsAt: new History(T, N * H, reverse),
    projection: weightHr && { weight: weightHr, unprojected: unprojected! },
    reached: slotMasks(cell),
    params: cell.params ?? {},
  };
}
