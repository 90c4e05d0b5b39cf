import { type Device, grad, type NDArray, nn, optim, Stream, type Tensor } from "webgpu-lstm";
import type { Contestant, Runner, Work } from "./contestant.ts";
import { type Problem, timeSteps, type Workload } from "./workload.ts";

class Model extends nn.Module {
  readonly recurrent: nn.LSTM | nn.GRU | nn.RNN;
  readonly fc: nn.Linear | null;
  readonly #everyStep: boolean;

  constructor(workload: Workload) {
    const { kind, inputSize, hiddenSize, numLayers, outputSize, everyStep, recompute = false } = workload;
    super();
    const Layer = { lstm: nn.LSTM, gru: nn.GRU, tanh: nn.RNN }[kind];
    this.recurrent = new Layer(inputSize, hiddenSize, { numLayers, batchFirst: true, recompute });
    this.fc = outputSize > 0 ? new nn.Linear(hiddenSize, outputSize) : null;
    this.#everyStep = everyStep;
  }

  /** The prediction; without a Linear, the last layer's final hidden state. */
  forward(x: Tensor): Tensor {
    const { output } = this.recurrent.forward(x);
    const hidden = this.#everyStep ? output : output.select(1, -1);
    return this.fc ? this.fc.forward(hidden) : hidden;
  }
}

/** This library on `device`. */
export function webgpuLstm(device: Device): Contestant {
  return { name: "webgpu-lstm", open: (problem) => open(device, problem) };
}

/** A step and its result, for any task. */
interface Asked {
  readonly work: Work;
  step(): void;
  wait(): Promise<void>;
  result(): Promise<Float32Array>;
  dispose(): void;
}

async function open(device: Device, problem: Problem): Promise<Runner> {
  const before = device.memory.byRole;
  const model = new Model(problem.workload);
  model.loadStateDict(problem.weights);
  const start = performance.now();
  const { task, seqLen } = problem.workload;
  const asked = await (task === "stream" ? stream : task === "infer" ? infer : train)(device, model, problem);
  for (let t = 0; t < (task === "stream" ? seqLen : 1); t++) {
    asked.step();
    await asked.wait();
  }
  const firstStepMs = performance.now() - start;
  const bytes = Object.fromEntries(
    Object.entries(device.memory.byRole).map(([role, live]) => [
      role,
      live - before[role as keyof typeof before],
    ]),
  );
  return {
    ...asked,
    firstStepMs,
    firstResult: await asked.result(),
    // Nothing is allocated after the first step, so the live bytes are also the peak.
    work: { ...asked.work, bytes, peakBytes: Object.values(bytes).reduce((sum, live) => sum + live, 0) },
    dispose() {
      asked.dispose();
      model.dispose();
    },
  };
}

/** A training step, or a step that ends with the gradients. */
async function train(device: Device, model: Model, problem: Problem): Promise<Asked> {
  const { workload, x, y, more = [] } = problem;
  const classes = workload.loss === "cross-entropy";
  const criterion = classes ? new nn.CrossEntropyLoss() : new nn.MSELoss();
  const batches = [{ x, y }, ...more].map(({ x, y }) => ({
    x,
    y: classes ? { shape: y.shape, data: Int32Array.from(y.data) } : y,
  }));
  let steps = 0;
  if (problem.oneBias) {
    for (const [name, parameter] of model.namedParameters()) {
      if (name.includes("bias_hh")) parameter.requiresGrad_(false);
    }
  }
  const parameters = model.parameters().filter(({ requiresGrad }) => requiresGrad);
  const lossOf = ({ x, y }: { readonly x: Tensor; readonly y: Tensor }) => {
    const prediction = model.forward(x);
    return criterion.forward(classes && workload.everyStep ? prediction.transpose(1, 2) : prediction, y);
  };
  const inputs = { x: x.shape, y: y.shape };
  const step =
    workload.task === "train"
      ? await device.compile((batch) => ({ loss: lossOf(batch) }), {
          inputs,
          optimizer: new optim.Adam(parameters, { lr: workload.learningRate }),
        })
      : await device.compile(
          (batch) => {
            const loss = lossOf(batch);
            const gradients = grad(loss, parameters);
            return {
              loss,
              ...Object.fromEntries(gradients.map((gradient, i) => [`gradient${i}`, gradient])),
            };
          },
          { inputs },
        );
  let latest: { item(): Promise<number> } | undefined;
  return {
    work: workOf(step.program.source.dispatches, await step.describe()),
    step() {
      latest = step.run(batches[steps++ % batches.length]!).loss;
    },
    wait: () => device.idle(),
    result: async () => Float32Array.of(await latest!.item()),
    dispose: () => step.dispose(),
  };
}

/** A forward pass whose result is read back. */
async function infer(device: Device, model: Model, { x }: Problem): Promise<Asked> {
  model.eval();
  const step = await device.compile(({ x }) => ({ hidden: model.forward(x) }), { inputs: { x: x.shape } });
  let latest: Promise<NDArray> | undefined;
  return {
    work: workOf(step.program.source.dispatches, await step.describe()),
    step() {
      latest = step.ask({ x }, "hidden");
    },
    wait: async () => void (await latest),
    result: async () => (await latest!).data,
    dispose: () => step.dispose(),
  };
}

/** One time step after another. */
async function stream(device: Device, model: Model, { workload, x }: Problem): Promise<Asked> {
  const { batch: B, seqLen: T, inputSize: I } = workload;
  const opened = await Stream.open(device, model.recurrent as nn.LSTM, { streams: B });
  const steps = timeSteps(x.data, B, T, I);
  let asked = 0;
  let latest: Promise<NDArray> | undefined;
  return {
    work: workOfPlan(await opened.describe()),
    step() {
      latest = opened.step(steps[asked++ % T]!);
    },
    wait: async () => void (await latest),
    result: async () => (await latest!).data,
    dispose: () => opened.dispose(),
  };
}

function workOf(
  dispatches: readonly { readonly flops: number; readonly kernel: { readonly name: string } }[],
  plan: string,
): Work {
  const kernels: Record<string, number> = {};
  for (const { kernel } of dispatches) kernels[kernel.name] = (kernels[kernel.name] ?? 0) + 1;
  const flops = dispatches.reduce((sum, { flops }) => sum + flops, 0);
  return { flops, dispatches: dispatches.length, kernels, plan };
}

/** Reads the work of a stream from its plan, which is text. */
function workOfPlan(plan: string): Work {
  const total = /total: (\d+) dispatches .* ([\d.]+) MFLOP/.exec(plan);
  if (!total) throw new Error(`the plan of a stream has no total: ${plan}`);
  return { flops: Number(total[2]) * 1e6, dispatches: Number(total[1]), plan };
}
