/** Training steps with given gradients, for tests of optimizers and clipping. */
import { type Device, type NDArray, nn, type optim, type Tensor } from "webgpu-lstm";
import { apply } from "../../src/graph/tensor.ts";
import type { Op } from "../../src/ops/op.ts";
import { copyRun, fill } from "../../src/ops/tensor/copy.ts";

/** A zero loss with its second input as the gradient of its first. */
const givenGradient: Op<void> = {
  name: "given_gradient",
  infer: () => ({ outputs: [{ shape: [] }] }),
  forward: ({ outputs: [loss] }, _, plan) => [fill(loss!, 0, plan)],
  backward: ({ inputs: [, gradient], gradInputs: [target] }, _, plan) => [
    copyRun(target!.elements, { operand: gradient! }, { operand: target! }, plan),
  ],
};

/** A sum of zero losses; each parameter's gradient is the input with its name. */
export function lossOf(
  parameters: ReadonlyMap<string, nn.Parameter>,
  inputs: Readonly<Record<string, Tensor>>,
): Tensor {
  return [...parameters]
    .map(([name, parameter]) => apply("test", givenGradient, [parameter, inputs[name]!], undefined)[0]!)
    .reduce((sum, loss) => sum.add(loss));
}

/** Compiles a step that updates `parameters` by given gradients; `extra` may clip them and add results. */
export function gradientStep(
  device: Device,
  parameters: ReadonlyMap<string, nn.Parameter>,
  optimizer: optim.Optimizer,
  extra: () => Record<string, Tensor> = () => ({}),
) {
  const inputs = Object.fromEntries([...parameters].map(([name, { shape }]) => [name, shape]));
  return device.compile((given) => ({ loss: lossOf(parameters, given), ...extra() }), {
    inputs,
    minimize: "loss",
    optimizer,
  });
}

/** Parameters by name. */
export function parametersOf(values: ReadonlyMap<string, NDArray>): Map<string, nn.Parameter> {
  return new Map([...values].map(([name, { data, shape }]) => [name, new nn.Parameter(shape, data.slice())]));
}
