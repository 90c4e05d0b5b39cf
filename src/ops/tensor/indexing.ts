/** Ops whose elements are places: of classes, or along a dimension. */
import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import { deferred } from "./deferred.ts";
import type { GatherAttributes, MultinomialAttributes, OneHotAttributes } from "./indexing-passes.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./indexing.wgsl.ts"));
export const indexingChunk = /* @__PURE__ */ new OnDemand(async () =>
  (await import("./indexing-passes.ts")).indexing(Kernel, linearGrid, texts),
);

/** Elements of the first input at places along a dimension, which have no gradient: detach them. */
export const gather = /* @__PURE__ */ deferred<"gather", GatherAttributes>(
  "gather",
  indexingChunk,
  ([x, places], { dim, shared }) => ({
    outputs: [
      {
        shape: x!.shape.map((size, i) => (i !== dim ? size : shared ? places!.shape[0]! : places!.shape[i]!)),
      },
    ],
  }),
);

/** A row of zeros and a one for each class. */
export const oneHot = /* @__PURE__ */ deferred<"oneHot", OneHotAttributes>(
  "oneHot",
  indexingChunk,
  ([x], { classes }) => ({ outputs: [{ shape: [...x!.shape, classes] }] }),
  { stopsGradient: true },
);

/** Classes drawn by the weights of the last dimension. */
export const multinomial = /* @__PURE__ */ deferred<"multinomial", MultinomialAttributes>(
  "multinomial",
  indexingChunk,
  ([weights], { count }) => ({ outputs: [{ shape: [...weights!.shape.slice(0, -1), count] }] }),
  { stopsGradient: true },
);
