/** The forecasting network: from the weather of the last days to the maximum temperature of the next days. */
import { nn, type Tensor } from "webgpu-lstm";

/** Sizes of a {@link Forecaster}. */
export interface ForecasterSizes {
  readonly features: number;
  readonly hidden: number;
  readonly layers: number;
  readonly horizon: number;
  /** Share of the outputs that is left out between layers while training. Default 0. */
  readonly dropout?: number;
}

/** An LSTM that reads the window, and a linear layer that maps its last output to the forecast. */
export class Forecaster extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly fc: nn.Linear;

  constructor({ features, hidden, layers, horizon, dropout = 0 }: ForecasterSizes) {
    super();
    this.lstm = new nn.LSTM(features, hidden, { numLayers: layers, batchFirst: true, dropout });
    this.fc = new nn.Linear(hidden, horizon);
  }

  /** `[N, window, features]` → `[N, horizon]` */
  forward(x: Tensor): Tensor {
    const { output } = this.lstm.forward(x);
    return this.fc.forward(output.select(1, -1));
  }
}
