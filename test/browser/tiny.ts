/** A minimal forecaster, for tests that do not depend on its numbers. */
import { type Device, nn, optim, type Tensor } from "webgpu-lstm";

export class Tiny extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly fc: nn.Linear;

  constructor(inputSize = 2, hiddenSize = 3) {
    super();
    this.lstm = new nn.LSTM(inputSize, hiddenSize, { batchFirst: true });
    this.fc = new nn.Linear(hiddenSize, 1);
  }

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

/** Batches of 4 windows of 3 steps with 2 features. */
export const tinyShapes = { x: [4, 3, 2], y: [4, 1] } as const;

/** A training step of `model` for {@link tinyShapes}. */
export function trainingStep(device: Device, model: Tiny, lr = 0.01) {
  const criterion = new nn.MSELoss();
  return device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
    inputs: tinyShapes,
    minimize: "loss",
    optimizer: new optim.Adam(model.parameters(), { lr }),
  });
}

/** Sine values that fill `shape`. */
export function values(shape: readonly number[], phase = 0): Float32Array {
  return Float32Array.from({ length: shape.reduce((size, n) => size * n, 1) }, (_, i) => Math.sin(i + phase));
}

/** Every parameter's bits, by name. */
export async function bits(model: nn.Module): Promise<Record<string, readonly number[]>> {
  const state = await model.stateDict();
  return Object.fromEntries([...state].map(([name, { data }]) => [name, [...new Uint32Array(data.buffer)]]));
}
