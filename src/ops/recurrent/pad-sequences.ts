import { sizeOf } from "../../shape.ts";
import type { Dispatch, Op, Operand, PlanContext } from "../op.ts";
import { copyBlock, fill } from "../tensor/copy.ts";

/** Sequences [length, *] as a batch [steps, N, *], padded with `value`. */
export const padSequences: Op<{ steps: number; value: number }> = {
  name: "pad_sequences",
  infer: (inputs, { steps }) => ({
    outputs: [{ shape: [steps, inputs.length, ...inputs[0]!.shape.slice(1)] }],
  }),
  forward: ({ inputs, outputs: [output] }, { value }, plan) => [
    fill(output!, value, plan),
    ...inputs.map((input, n) => copySequence(input!, output!, n, inputs.length, true, plan)),
  ],
  backward: ({ inputs, gradOutputs: [gradOutput], gradInputs }, _, plan) =>
    gradInputs.flatMap((gradInput, n) =>
      gradInput ? [copySequence(gradInput, gradOutput!, n, inputs.length, false, plan)] : [],
    ),
};

/** Copies one sequence into its column of the batch, or out of it. */
function copySequence(
  sequence: Operand,
  batch: Operand,
  n: number,
  rows: number,
  into: boolean,
  plan: PlanContext,
): Dispatch {
  const width = sizeOf(sequence.shape.slice(1));
  const own = { operand: sequence, strides: [width, 0, 1] } as const;
  const column = { operand: batch, offset: n * width, strides: [rows * width, 0, 1] } as const;
  const sizes = [sequence.shape[0]!, 1, width] as const;
  return into ? copyBlock(sizes, own, column, plan) : copyBlock(sizes, column, own, plan);
}
