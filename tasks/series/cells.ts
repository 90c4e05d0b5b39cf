/** The recurrent layers between which the views that train let the visitor choose. */
import { nn } from "webgpu-lstm";

export type CellKind = "LSTM" | "GRU" | "RNN";

export const CELLS: Readonly<Record<CellKind, typeof nn.LSTM | typeof nn.GRU | typeof nn.RNN>> = {
  LSTM: nn.LSTM,
  GRU: nn.GRU,
  RNN: nn.RNN,
};
