/** Ops along one dimension that need all of its elements at once. A reduced dimension stays, with size 1. */
import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import type { Op } from "../op.ts";
import { deferred, likeFirst } from "./deferred.ts";
import type { ExtremeAttributes, LineAttributes, ProdAttributes, TopkAttributes } from "./lines-passes.ts";
import { sumMiddle } from "./sum.ts";

const linesTexts = /* @__PURE__ */ new OnDemand(() => import("./lines.wgsl.ts"));
export const linesChunk = /* @__PURE__ */ new OnDemand(async () =>
  (await import("./lines-passes.ts")).lines(Kernel, linearGrid, sumMiddle, linesTexts),
);

const reduced: Op<LineAttributes & { readonly count?: number }>["infer"] = ([x], { dim, count = 1 }) => ({
  outputs: [{ shape: x!.shape.map((size, i) => (i === dim ? count : size)) }],
});

/** The largest or smallest element, which shares its gradient with its equals. */
export const extreme = /* @__PURE__ */ deferred<"extreme", ExtremeAttributes>("extreme", linesChunk, reduced);

/** The place of the first largest or smallest element. */
export const argExtreme = /* @__PURE__ */ deferred<"argExtreme", ExtremeAttributes>(
  "argExtreme",
  linesChunk,
  reduced,
  { stopsGradient: true },
);

/** The product of all elements. */
export const prod = /* @__PURE__ */ deferred<"prod", ProdAttributes>("prod", linesChunk, reduced);

/** Running sums. */
export const cumsum = /* @__PURE__ */ deferred<"cumsum", LineAttributes>("cumsum", linesChunk, likeFirst);

/** The places of the largest or smallest elements, in order. */
export const topk = /* @__PURE__ */ deferred<"topk", TopkAttributes>("topk", linesChunk, reduced, {
  stopsGradient: true,
});
