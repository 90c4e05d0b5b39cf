import { Texts } from "../../gpu/texts.ts";

/** Kernels for sequences of different lengths. */
export const sequenceTexts = /* @__PURE__ */ new Texts(() => import("./sequences.wgsl.ts"));
