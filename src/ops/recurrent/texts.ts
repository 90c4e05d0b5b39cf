import { OnDemand } from "../../ondemand.ts";

/** Kernels for sequences of different lengths. */
export const sequenceTexts = /* @__PURE__ */ new OnDemand(() => import("./sequences.wgsl.ts"));
