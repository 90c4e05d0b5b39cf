import { OnDemand } from "../../ondemand.ts";

/** Kernels that work on gradients before an update. */
export const gradientTexts = /* @__PURE__ */ new OnDemand(() => import("./gradients.wgsl.ts"));
