import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { deferred, likeFirst } from "./deferred.ts";
import type { ChooseAttributes, ElementwiseAttributes, PairAttributes } from "./pointwise-passes.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./pointwise.wgsl.ts"));
export const pointwiseChunk = /* @__PURE__ */ new OnDemand(async () =>
  (await import("./pointwise-passes.ts")).pointwise(Kernel, linearGrid, texts),
);

/** A function of every element, with up to two numbers. */
export const elementwise = /* @__PURE__ */ deferred<"elementwise", ElementwiseAttributes>(
  "elementwise",
  pointwiseChunk,
  likeFirst,
);

/** The larger, the smaller or the power of two tensors of one shape; the second may be a number instead. */
export const pair = /* @__PURE__ */ deferred<"pair", PairAttributes>("pair", pointwiseChunk, likeFirst);

/** 1 where a comparison of two tensors of one shape holds, else 0; the second may be a number instead. */
export const comparison = /* @__PURE__ */ deferred<"comparison", PairAttributes>(
  "comparison",
  pointwiseChunk,
  likeFirst,
  { stopsGradient: true },
);

/** Elements of two tensors of the condition's shape, by whether its own are 0; either may be a number instead. */
export const choose = /* @__PURE__ */ deferred<"choose", ChooseAttributes>(
  "choose",
  pointwiseChunk,
  likeFirst,
);
