import { Texts } from "../../gpu/texts.ts";

/** Kernels that work on gradients before an update. */
export const gradientTexts = /* @__PURE__ */ new Texts(() => import("./gradients.wgsl.ts"));
