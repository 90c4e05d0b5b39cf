/** The forecasting network: from a window to the next steps. */
import { nn, type Tensor } from "webgpu-lstm";
import { CELLS } from "./cells.ts";
import type { Settings } from "./settings.ts";

/** A recurrent layer that reads the window, and a linear layer that maps its last output to the forecast. */
export class ForecastModel extends nn.Module {
  readonly rnn: nn.LSTM | nn.GRU | nn.RNN;
  readonly fc: nn.Linear;

  constructor(features: number, { cell, hiddenSize, numLayers, horizon }: Settings) {
    super();
    this.rnn = new CELLS[cell](features, hiddenSize, { numLayers, batchFirst: true });
    this.fc = new nn.Linear(hiddenSize, horizon);
  }

  /** `[N, window, features]` → `[N, horizon]` */
  forward(x: Tensor): Tensor {
    const { output } = this.rnn.forward(x);
    return this.fc.forward(output.select(1, -1));
  }
}
