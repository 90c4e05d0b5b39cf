import { ShapeError } from "../../errors.ts";
import { checkShape, type Shape, showShape, sizeOf } from "../../shape.ts";
import type { Op } from "../op.ts";

/** The same elements under another shape: a view, no dispatch. */
export const reshape: Op<{ shape: Shape }> = {
  name: "reshape",
  infer([input], { shape }) {
    checkShape("Tensor.reshape", shape);
    if (sizeOf(input!.shape) !== sizeOf(shape)) {
      throw new ShapeError(
        `Tensor.reshape: ${showShape(input!.shape)} has ${sizeOf(input!.shape)} elements and cannot become ` +
          `${showShape(shape)} with ${sizeOf(shape)}`,
      );
    }
    return { outputs: [{ shape }] };
  },
  moves: () => (index) => index,
};
