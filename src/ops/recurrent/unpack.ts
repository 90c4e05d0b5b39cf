import { OnDemand } from "../../ondemand.ts";
import { copyDims, fill } from "../tensor/copy.ts";
import { deferred, likeFirst } from "../tensor/deferred.ts";
import type { GateOrder } from "./unpack-passes.ts";

const chunk = /* @__PURE__ */ new OnDemand(async () =>
  (await import("./unpack-passes.ts")).unpacking(copyDims, fill),
);

/** Brings a recurrent parameter, or its gradient, from the kernels' order to PyTorch's; the backward pass brings a gradient back. */
export const unpackGates = /* @__PURE__ */ deferred<"unpackGates", GateOrder>(
  "unpackGates",
  chunk,
  likeFirst,
);
