import { OnDemand } from "../ondemand.ts";

/**
 * Kernels that a program may use for some shapes and not for others: products, copies, broadcasts and sums. Every step has them loaded,
 * so that they are there for input shapes that come later.
 */
export const baseTexts = /* @__PURE__ */ new OnDemand(() => import("./base.wgsl.ts"));
