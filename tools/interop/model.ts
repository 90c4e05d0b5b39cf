/** The model of tools/goldens/interchange.py, its optimizer and its training. */
import { type Device, type NDArray, nn, optim, type Tensor } from "webgpu-lstm";

export class Model extends nn.Module {
  readonly lstm = new nn.LSTM(3, 7, { batchFirst: true });
  readonly fc = new nn.Linear(7, 2);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

export function optimizerOf(model: Model): optim.Adam {
  return new optim.Adam(
    [
      { params: model.lstm.parameters(), weightDecay: 1e-3 },
      { params: model.fc.parameters(), lr: 0.02, betas: [0.8, 0.9] },
    ],
    { lr: 0.01, betas: [0.9, 0.99], amsgrad: true },
  );
}

/** Trains some steps on one batch; returns each step's loss, and the output before the first. */
export async function train(
  device: Device,
  model: Model,
  optimizer: optim.Adam,
  { x, target }: { readonly x: NDArray; readonly target: NDArray },
  steps: number,
): Promise<{ output: NDArray; losses: NDArray }> {
  const criterion = new nn.MSELoss();
  const step = await device.compile(
    ({ x, target }) => {
      const output = model.forward(x);
      return { loss: criterion.forward(output, target), output };
    },
    { inputs: { x, target }, optimizer },
  );
  const losses = new Float32Array(steps);
  let before: NDArray | undefined;
  for (let i = 0; i < steps; i++) {
    const { loss, output } = step.run({ x, target });
    losses[i] = await loss.item();
    before ??= await output.read();
  }
  step.dispose();
  return { output: before!, losses: { data: losses, shape: [steps] } };
}
