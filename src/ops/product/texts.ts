import { Texts } from "../../gpu/texts.ts";

/** The room's kernels: every step has them loaded, so that input shapes that come later find them. */
export const productTexts = /* @__PURE__ */ new Texts(() => import("./product.wgsl.ts"));
