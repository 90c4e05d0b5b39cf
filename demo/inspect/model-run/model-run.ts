/** Runs a whole model of a file on the GPU. */
import type { CompiledStep, Device, NDArray, Tensor } from "webgpu-lstm";
import type { OnnxModel, TfjsModel } from "webgpu-lstm/formats";

export interface Filled {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface ModelResult {
  readonly outputs: readonly { readonly name: string; readonly value: NDArray }[];
  /** Time of a run after the first, from its submission until every output is read, in ms. */
  readonly ms: number;
}

/** The results of a model by name, whatever class it is of. */
export function forwardOf(
  model: OnnxModel | TfjsModel,
): (inputs: Readonly<Record<string, Tensor>>) => Record<string, Tensor> {
  if ("outputNames" in model) return (inputs) => model.forward(inputs);
  return ({ x }) => ({ output: model.forward(x!) });
}

/** @param signal Stops it between two stages; the GPU's memory is always free afterwards */
export async function runModel(
  device: Device,
  model: OnnxModel | TfjsModel,
  inputs: readonly Filled[],
  signal: AbortSignal,
): Promise<ModelResult> {
  let step: CompiledStep<string> | undefined;
  try {
    const shapes = Object.fromEntries(inputs.map(({ name, shape }) => [name, shape]));
    step = await device.compile(forwardOf(model), { inputs: shapes });
    signal.throwIfAborted();
    const values = Object.fromEntries(inputs.map(({ name, data }) => [name, data]));
    const run = async () => {
      const results = Object.entries(step!.run(values));
      return Promise.all(results.map(async ([name, result]) => ({ name, value: await result.read() })));
    };
    const outputs = await run();
    signal.throwIfAborted();
    const start = performance.now();
    await run();
    const ms = performance.now() - start;
    signal.throwIfAborted();
    return { outputs, ms };
  } finally {
    step?.dispose();
  }
}
