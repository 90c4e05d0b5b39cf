import { OnDemand } from "../../ondemand.ts";

/** The room's kernels: every step has them loaded, so that input shapes that come later find them. */
export const tensorTexts = /* @__PURE__ */ new OnDemand(() => import("./tensor.wgsl.ts"));
