import type { Shape } from "../../shape.ts";
import type { Op } from "../op.ts";

/** The same elements under another shape: a view, no dispatch. */
export const reshape: Op<{ shape: Shape }> = {
  name: "reshape",
  infer: (_inputs, { shape }) => ({ outputs: [{ shape }] }),
  moves: () => (index) => index,
};
