import type { Op } from "../op.ts";

/** The same tensor without its gradient: a view, no dispatch. */
export const detach: Op<void> = {
  name: "detach",
  stopsGradient: true,
  takesLayout: true,
  infer: ([x]) => ({ outputs: [{ shape: x!.shape }] }),
  moves: () => (index) => index,
};
