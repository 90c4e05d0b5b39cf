import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { deferred, likeFirst } from "./deferred.ts";
import type { ElementwiseAttributes } from "./pointwise-passes.ts";

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
