import type { Shape } from "../../shape.ts";
import type { Op } from "../op.ts";
import { fill } from "./copy.ts";

/** A tensor of one value; the gradient of a loss with respect to itself starts as one. */
export const constant: Op<{ shape: Shape; value: number }> = {
  name: "constant",
  infer: (_inputs, { shape }) => ({ outputs: [{ shape }] }),
  forward: ({ outputs }, { value }, plan) => [fill(outputs[0]!, value, plan)],
};
