import type { Op } from "../op.ts";
import { copyRun } from "./copy.ts";

/** A copy of a tensor in its own storage. */
export const clone: Op<void> = {
  name: "clone",
  infer: ([input]) => ({ outputs: [{ shape: input!.shape }] }),
  forward: ({ inputs: [input], outputs: [output] }, _attributes, plan) => [
    copyRun(input!.elements, { operand: input! }, { operand: output! }, plan),
  ],
};
