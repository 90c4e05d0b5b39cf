import { OnDemand } from "../../ondemand.ts";

/** The room's kernels: every step has them loaded, so that input shapes that come later find them. */
export const productTexts = /* @__PURE__ */ new OnDemand(() => import("./product.wgsl.ts"));

/** The kernel for subgroups of four lanes. */
export const lanes4Texts = /* @__PURE__ */ new OnDemand(() => import("./gemm-lanes4.wgsl.ts"));
