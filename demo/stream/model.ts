/** The model that predicts a signal's next value, and how it learns. */
import { nn, type Tensor } from "webgpu-lstm";

/** Units of the GRU. */
const HIDDEN = 24;

/** The next value of each stream, from this one and the state. */
export class NextValue extends nn.Module {
  readonly gru = new nn.GRU(1, HIDDEN, { batchFirst: true });
  readonly fc = new nn.Linear(HIDDEN, 1);

  /** x [N, T, 1] → output [N, T, 1], state [1, N, hidden] */
  forward(x: Tensor, state?: Tensor): { output: Tensor; state: Tensor } {
    const { output, state: next } = this.gru.forward(x, state);
    return { output: this.fc.forward(output), state: next };
  }
}

/** For training: windows [N, T, 1] in, and after each of their values the prediction of the next one, without the first few. */
export class Predictions extends nn.Module {
  readonly model: NextValue;

  constructor(model: NextValue) {
    super();
    this.model = model;
  }

  forward(windows: Tensor): Tensor {
    return this.model.forward(windows).output.slice(1, WARM_UP);
  }
}

/** Values that a window or a stream begins with, and after which its predictions are not judged: there is no telling from few. */
export const WARM_UP = 16;
