import { OnDemand } from "../../ondemand.ts";

/**
 * Kernels that an op may use for some shapes and not for others: copies, broadcasts and sums. Every step has them loaded, so that they
 * are there for input shapes that come later.
 */
export const basicTexts = /* @__PURE__ */ new OnDemand(() => import("./basic.wgsl.ts"));

/** Functions of single elements, and softmax. */
export const tensorTexts = /* @__PURE__ */ new OnDemand(() => import("./tensor.wgsl.ts"));
