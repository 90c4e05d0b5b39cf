/** The model that predicts a signal's next value. */
import { nn, type Tensor } from "webgpu-lstm";

/** Units of the GRU. */
export const HIDDEN = 24;

/** Predicts the next value of each stream from the current one and the state. */
export class NextValue extends nn.Module {
  readonly gru = new nn.GRU(1, HIDDEN, { batchFirst: true });
  readonly fc = new nn.Linear(HIDDEN, 1);

  /** x [N, T, 1] → output [N, T, 1], state [1, N, hidden] */
  forward(x: Tensor, state?: Tensor): { output: Tensor; state: Tensor } {
    const { output, state: next } = this.gru.forward(x, state);
    return { output: this.fc.forward(output), state: next };
  }
}

/** For training: maps windows [N, T, 1] to the predictions that follow their values, without the warm-up. */
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

/** Values at the start of a window or stream whose predictions do not count, since the state has seen too little. */
export const WARM_UP = 16;
