/** Runs a recurrent stack on the GPU: its outputs, the gradients of a loss, its time by kernel and its memory. */
import {
  type CompiledStep,
  type Device,
  grad,
  type MemoryReport,
  type NDArray,
  nn,
  type Profile,
  type Tensor,
} from "webgpu-lstm";
import type { LinearLayer } from "../file/layers.ts";
import type { RecurrentStack } from "../file/stack.ts";
import type { Signal } from "./signals.ts";

type Bytes = MemoryReport["byRole"];

interface GradientNorm {
  /** The parameter's name in the file. */
  readonly name: string;
  /** Euclidean norm of the parameter's gradient. */
  readonly norm: number;
}

export interface RunResult {
  /** The last layer's hidden states, [T, D·R]. */
  readonly hidden: NDArray;
  /** The readout's output, [T, out]; the hidden states if there is no readout. */
  readonly output: NDArray;
  /** The mean of the squared outputs. */
  readonly loss: number;
  readonly gradients: readonly GradientNorm[];
  /** GPU times of {@link PROFILED_RUNS} runs; empty if the device has no timestamps. */
  readonly profiles: readonly Profile[];
  /** The program's dispatches as text. */
  readonly program: string;
  /** Bytes that the model and its program held, by role. */
  readonly memory: Bytes;
}

/** The number of timed runs. Browsers round the GPU's clock, which matters less for the sum of several runs. */
const PROFILED_RUNS = 10;

/** A recurrent stack, and the Linear after it. */
export class StackModel extends nn.Module {
  readonly recurrent: nn.LSTM | nn.GRU | nn.RNN;
  readonly readout: nn.Linear | null;

  constructor(stack: RecurrentStack, readout: LinearLayer | undefined, relu: boolean) {
    super();
    const { kind, inputSize, hiddenSize, numLayers, bidirectional, bias, projSize } = stack;
    const options = { numLayers, bidirectional, bias };
    if (kind === "lstm") this.recurrent = new nn.LSTM(inputSize, hiddenSize, { ...options, projSize });
    else if (kind === "gru") this.recurrent = new nn.GRU(inputSize, hiddenSize, options);
    else {
      this.recurrent = new nn.RNN(inputSize, hiddenSize, {
        ...options,
        nonlinearity: relu ? "relu" : "tanh",
      });
    }
    this.recurrent.loadStateDict(stack.parameters);
    this.readout = null;
    if (!readout) return;
    const [rows, columns] = readout.weight.shape as [number, number];
    this.readout = new nn.Linear(columns, rows, { bias: readout.bias !== undefined });
    const { weight, bias: offset } = readout;
    this.readout.loadStateDict(offset ? { weight, bias: offset } : { weight });
  }

  /** The hidden states, and the readout of them if there is one. */
  forward(x: Tensor): { readonly hidden: Tensor; readonly output: Tensor | undefined } {
    const { output: hidden } = this.recurrent.forward(x);
    return { hidden, output: this.readout?.forward(hidden) };
  }
}

/**
 * @param relu Whether an RNN's nonlinearity is max(·, 0) instead of tanh.
 * @param signal Stops it between two stages; it then throws the signal's reason. Its GPU memory is always free afterwards.
 */
export async function runStack(
  device: Device,
  stack: RecurrentStack,
  readout: LinearLayer | undefined,
  input: Signal,
  relu: boolean,
  signal: AbortSignal,
): Promise<RunResult> {
  const before = device.memory.byRole;
  const model = new StackModel(stack, readout, relu);
  let step: Awaited<ReturnType<typeof compile>> | undefined;
  try {
    step = await compile(device, model, input);
    signal.throwIfAborted();
    const values = { x: input.data };
    const results = step.run(values);
    const hidden = await results["hidden"]!.read();
    const output = (await results["output"]?.read()) ?? hidden;
    const loss = await results["loss"]!.item();
    const gradients: GradientNorm[] = [];
    for (const [i, [name]] of [...model.namedParameters()].entries()) {
      const { data } = await results[gradientName(i)]!.read();
      gradients.push({ name: nameInFile(name, stack, readout), norm: normOf(data) });
    }
    signal.throwIfAborted();
    const memory = difference(device.memory.byRole, before);
    const profiles = await profile(step, values, signal);
    return { hidden, output, loss, gradients, profiles, program: await step.describe(), memory };
  } finally {
    step?.dispose();
    model.dispose();
  }
}

const gradientName = (i: number) => `gradient ${i}`;

/** The step that computes output, loss and every parameter's gradient from x [T, inputSize]. */
function compile(device: Device, model: StackModel, { steps }: Signal): Promise<CompiledStep<string>> {
  const forward = ({ x }: { readonly x: Tensor }): Record<string, Tensor> => {
    const { hidden, output } = model.forward(x);
    const last = output ?? hidden;
    const loss = last.mul(last).mean();
    const gradients = grad(loss, model.parameters());
    return {
      hidden,
      loss,
      ...(output ? { output } : {}),
      ...Object.fromEntries(gradients.map((gradient, i) => [gradientName(i), gradient])),
    };
  };
  return device.compile(forward, { inputs: { x: [steps, model.recurrent.inputSize] } });
}

function difference(after: Bytes, before: Bytes): Bytes {
  const roles = Object.keys(after) as (keyof Bytes)[];
  return Object.fromEntries(roles.map((role) => [role, after[role] - before[role]])) as Bytes;
}

/** Times several runs. A device without timestamps throws a plain Error, which is recognized by its message. */
async function profile(
  step: CompiledStep<string>,
  values: Readonly<Record<string, Float32Array>>,
  signal: AbortSignal,
): Promise<Profile[]> {
  const profiles: Profile[] = [];
  while (profiles.length < PROFILED_RUNS) {
    try {
      profiles.push(await step.profile(values));
    } catch (error) {
      if (error instanceof Error && error.message.includes("no timestamps")) return [];
      throw error;
    }
    signal.throwIfAborted();
  }
  return profiles;
}

/** `recurrent.weight_ih_l0` is the file's `lstm.weight_ih_l0`, or a cell's `weight_ih`. */
function nameInFile(name: string, stack: RecurrentStack, readout: LinearLayer | undefined): string {
  const [module, key] = name.split(".") as [string, string];
  if (module === "recurrent") return stack.parameters.get(key)!.name;
  return (key === "weight" ? readout!.weight : readout!.bias!).name;
}

/** Euclidean norm, in float64. */
function normOf(data: Float32Array): number {
  return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
}
