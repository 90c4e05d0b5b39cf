/** The kinds of recurrent layers that a model can be built from. */
import { nn } from "webgpu-lstm";

export type CellKind = "LSTM" | "GRU" | "RNN";

export const CELLS: Readonly<Record<CellKind, typeof nn.LSTM | typeof nn.GRU | typeof nn.RNN>> = {
  LSTM: nn.LSTM,
  GRU: nn.GRU,
  RNN: nn.RNN,
};
