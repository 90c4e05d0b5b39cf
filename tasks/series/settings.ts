/** The settings of a forecasting model and of its training: plain data. */
import type { CellKind } from "./cells.ts";

/**
 * What the model forecasts: the value itself, scaled by the training part, or its change since the last value of the window, for a
 * series that leaves the range it was trained on.
 */
export type Goal = "level" | "change";

export interface Settings {
  /** Steps that the model looks back on. */
  readonly window: number;
  /** Steps ahead that it forecasts at once. */
  readonly horizon: number;
  readonly goal: Goal;
  readonly cell: CellKind;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly learningRate: number;
  /** {@link WHOLE}: all windows in one batch. */
  readonly batchSize: number;
  readonly epochs: number;
}

/** The batch size that takes the whole training part at once. */
export const WHOLE = 0;

/** The settings that most presets share. */
export const USUAL = {
  goal: "level",
  cell: "LSTM",
  hiddenSize: 32,
  numLayers: 1,
  learningRate: 0.005,
  batchSize: 64,
} as const;
