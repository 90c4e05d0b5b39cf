/** One LSTM, forward and backward, as the goldens and the gradient checks run it. */
import { type Device, grad, type NDArray, nn, type Tensor } from "webgpu-lstm";

/** An LSTM's options and where its numbers come from; tensors are named as in test/goldens/README.md. */
export interface LstmCase {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly initialState: boolean;
  /** Names as in PyTorch's state dict. */
  readonly parameters: readonly string[];
  tensor(name: string): NDArray;
}

/**
 * Computes output, final states, the loss (the three mean squared errors added) and the gradient of everything that
 * has one; results under the golden's names.
 */
export async function runLstm(device: Device, given: LstmCase): Promise<Map<string, NDArray>> {
  const { numLayers, bias, batchFirst, initialState } = given;
  const lstm = new nn.LSTM(given.inputSize, given.hiddenSize, { numLayers, bias, batchFirst });
  lstm.loadStateDict(new Map(given.parameters.map((name) => [name, given.tensor(`param.${name}`)])));
  const criterion = new nn.MSELoss();
  const states = initialState ? ["h0", "c0"] : [];
  const names = ["x", "target_output", "target_h", "target_c", ...states];
  const inputs = Object.fromEntries(names.map((name) => [name, given.tensor(name)]));
  const step = await device.compile(
    (tensors) => {
      const input = (name: string) => tensors[name]!;
      const initial = initialState ? { h: input("h0"), c: input("c0") } : undefined;
      const { output, state } = lstm.forward(input("x"), initial);
      const loss = criterion
        .forward(output, input("target_output"))
        .add(criterion.forward(state.h, input("target_h")))
        .add(criterion.forward(state.c, input("target_c")));
      const wanted = new Map<string, Tensor>([["x", input("x")], ...lstm.namedParameters()]);
      for (const name of states) wanted.set(name, input(name));
      const results: Record<string, Tensor> = {
        loss,
        "out.output": output,
        "out.h_n": state.h,
        "out.c_n": state.c,
      };
      const gradients = grad(loss, [...wanted.values()]);
      for (const [i, name] of [...wanted.keys()].entries()) results[`grad.${name}`] = gradients[i]!;
      return results;
    },
    { inputs: Object.fromEntries(names.map((name) => [name, inputs[name]!.shape])) },
  );
  const results = Object.entries(step.run(inputs));
  const values = await Promise.all(
    results.map(async ([name, result]) => [name, await result.read()] as const),
  );
  step.dispose();
  lstm.dispose();
  return new Map(values);
}
