import { OnDemand } from "../../ondemand.ts";

/** The kernels of a matrix product. */
export const productTexts = /* @__PURE__ */ new OnDemand(() => import("./product.wgsl.ts"));

/** The kernel of a matrix product for subgroups of four lanes. */
export const lanes4Texts = /* @__PURE__ */ new OnDemand(() => import("./gemm-lanes4.wgsl.ts"));
