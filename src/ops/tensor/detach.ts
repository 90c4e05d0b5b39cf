import type { Op } from "../op.ts";

/** The same tensor, through which no gradient goes: a view, no dispatch. */
export const detach: Op<void> = {
  name: "detach",
  stopsGradient: true,
  infer: ([x]) => ({ outputs: [{ shape: x!.shape }] }),
  moves: () => (index) => index,
};
