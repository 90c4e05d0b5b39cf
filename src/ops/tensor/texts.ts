import { OnDemand } from "../../ondemand.ts";

/** Functions of single elements, and softmax. */
export const tensorTexts = /* @__PURE__ */ new OnDemand(() => import("./tensor.wgsl.ts"));
