import { ShapeError } from "../errors.ts";
import { sameShape, showShape, sizeOf } from "../shape.ts";
import { copyRun } from "./copy.ts";
import type { Op } from "./op.ts";

/** Tensors of one shape put together along a new first dimension. */
export const stack: Op<void> = {
  name: "stack",
  infer(inputs) {
    const { shape } = inputs[0]!;
    for (const input of inputs) {
      if (!sameShape(input!.shape, shape)) {
        throw new ShapeError(
          `stack: all tensors must have the same shape, got ${showShape(shape)} and ${showShape(input!.shape)}`,
        );
      }
    }
    return { outputs: [{ shape: [inputs.length, ...shape] }] };
  },
  forward({ inputs, outputs: [output] }, _attributes, plan) {
    const size = sizeOf(inputs[0]!.shape);
    return inputs.map((input, i) =>
      copyRun(size, { operand: input! }, { operand: output!, offset: i * size }, plan),
    );
  },
  backward({ inputs, gradOutputs: [gradOutput], gradInputs }, _attributes, plan) {
    const size = sizeOf(inputs[0]!.shape);
    return gradInputs.flatMap((gradInput, i) =>
      gradInput
        ? [copyRun(size, { operand: gradOutput!, offset: i * size }, { operand: gradInput }, plan)]
        : [],
    );
  },
};
