import { type Device, nn, optim, type Tensor } from "webgpu-lstm";
import type { Contestant, Trainee } from "./contestant.ts";
import type { Problem, Workload } from "./workload.ts";

class Model extends nn.Module {
  readonly recurrent: nn.LSTM | nn.GRU | nn.RNN;
  readonly fc: nn.Linear;
  readonly #everyStep: boolean;

  constructor({ kind, inputSize, hiddenSize, outputSize, everyStep }: Workload) {
    super();
    const Layer = { lstm: nn.LSTM, gru: nn.GRU, tanh: nn.RNN }[kind];
    this.recurrent = new Layer(inputSize, hiddenSize, { batchFirst: true });
    this.fc = new nn.Linear(hiddenSize, outputSize);
    this.#everyStep = everyStep;
  }

  forward(x: Tensor): Tensor {
    const { output } = this.recurrent.forward(x);
    return this.fc.forward(this.#everyStep ? output : output.select(1, -1));
  }
}

/** This library on `device`. */
export function webgpuLstm(device: Device): Contestant {
  return { name: "webgpu-lstm", open: (problem) => open(device, problem) };
}

async function open(device: Device, { workload, x, y, weights }: Problem): Promise<Trainee> {
  const before = device.memory.byRole;
  const model = new Model(workload);
  model.loadStateDict(weights);
  const criterion = new nn.MSELoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: workload.learningRate });

  const start = performance.now();
  const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
    inputs: { x: x.shape, y: y.shape },
    minimize: "loss",
    optimizer,
  });
  let latest = step.run({ x, y }).loss;
  await device.idle();
  const firstStepMs = performance.now() - start;

  const { dispatches } = step.program.source;
  const bytes = Object.fromEntries(
    Object.entries(device.memory.byRole).map(([role, live]) => [
      role,
      live - before[role as keyof typeof before],
    ]),
  );
  return {
    firstStepMs,
    firstLoss: await latest.item(),
    work: {
      flops: dispatches.reduce((sum, { flops }) => sum + flops, 0),
      dispatches: dispatches.length,
      bytes,
      plan: step.describe(),
    },
    step() {
      latest = step.run({ x, y }).loss;
    },
    wait: () => device.idle(),
    loss: () => latest.item(),
    dispose() {
      step.dispose();
      model.dispose();
    },
  };
}
