import { OnDemand } from "../../ondemand.ts";

/** The kernel that adds slices up: whether a gradient is cut into slices depends on its size. */
export const sliceTexts = /* @__PURE__ */ new OnDemand(() => import("./weight-gradient.wgsl.ts"));
