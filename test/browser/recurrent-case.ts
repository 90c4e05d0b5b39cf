/** A recurrent problem on the GPU, forward and backward. */
import { type Device, grad, type NDArray, nn, type Shape, type Tensor } from "webgpu-lstm";
import type { RecurrentLayer, RecurrentProblem } from "../recurrent-problem.ts";

const { PackedSequence, packPaddedSequence, padPackedSequence } = nn.utils.rnn;
type Input = Tensor | nn.utils.rnn.PackedSequence;

/** Output and last states of any recurrent layer. */
function forward(
  layer: RecurrentLayer,
  input: Input,
  h?: Tensor,
  c?: Tensor,
): { output: Input; last: Tensor[] } {
  if (layer instanceof nn.LSTM) {
    const { output, state } = layer.forward(input, h && c ? { h, c } : undefined);
    return { output, last: [state.h, state.c] };
  }
  const { output, state } = layer.forward(input, h);
  return { output, last: [state] };
}

/**
 * Computes output, last states, the loss (the sum of their mean squared errors) and the gradients of x, the initial states and the
 * parameters. Results have the goldens' names.
 * @param known Whether the lengths are numbers while tracing, instead of an input.
 */
export async function runRecurrent(
  device: Device,
  problem: RecurrentProblem,
  known = false,
): Promise<Map<string, NDArray>> {
  const { layer, inputs, lengths, enforceSorted, sizes } = problem;
  const { batchFirst } = layer;
  const criterion = new nn.MSELoss();
  const values: Record<string, NDArray | { data: Int32Array; shape: Shape }> = Object.fromEntries(inputs);
  if (lengths && !known) values["lengths"] = { data: Int32Array.from(lengths), shape: [lengths.length] };
  const step = await device.compile(
    (tensors) => {
      const input = (name: string) => tensors[name]!;
      const letters = sizes.cell.states;
      const states = letters.map((letter) => `${letter}0`).filter((name) => inputs.has(name));
      const x = lengths
        ? packPaddedSequence(input("x"), known ? lengths : input("lengths"), { batchFirst, enforceSorted })
        : input("x");
      const { output: sequence, last } = forward(layer, x, ...states.map(input));
      const output =
        sequence instanceof PackedSequence
          ? padPackedSequence(sequence, { batchFirst, totalLength: sizes.seqLen }).output
          : sequence;
      const results: Record<string, Tensor> = { "out.output": output };
      let loss = criterion.forward(output, input("target_output"));
      for (const [i, state] of last.entries()) {
        const letter = letters[i]!;
        results[`out.${letter}_n`] = state;
        loss = loss.add(criterion.forward(state, input(`target_${letter}`)));
      }
      results["loss"] = loss;
      const wanted = new Map<string, Tensor>([
        ...["x", ...states].map((name) => [name, input(name)] as const),
        ...layer.namedParameters(),
      ]);
      const gradients = grad(loss, [...wanted.values()]);
      for (const [i, name] of [...wanted.keys()].entries()) results[`grad.${name}`] = gradients[i]!;
      return results;
    },
    { inputs: Object.fromEntries(Object.entries(values).map(([name, { shape }]) => [name, shape])) },
  );
  const results = Object.entries(step.run(values));
  const read = await Promise.all(results.map(async ([name, result]) => [name, await result.read()] as const));
  step.dispose();
  layer.dispose();
  return new Map(read);
}
