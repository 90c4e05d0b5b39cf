import type { Shape } from "../../shape.ts";
import type { Op } from "../op.ts";
import { fill } from "./copy.ts";

/** A tensor filled with one value, such as the gradient of a loss with respect to itself. */
export const constant: Op<{ shape: Shape; value: number }> = {
  name: "constant",
  infer: (_inputs, { shape }) => ({ outputs: [{ shape }] }),
  forward: ({ outputs }, { value }, plan) => [fill(outputs[0]!, value, plan)],
};
