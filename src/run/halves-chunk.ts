import { show } from "../checks.ts";
import { GraphError, OptionError } from "../errors.ts";
import { Kernel } from "../gpu/kernel.ts";
import { Parameter } from "../graph/parameter.ts";
import { OnDemand } from "../ondemand.ts";
import { linearGrid } from "../ops/grid.ts";
import { showShape } from "../shape.ts";
import { Program } from "./program.ts";

/** What lets programs read their weights in half precision. */
export const halves = /* @__PURE__ */ new OnDemand(async () => {
  const main = { Kernel, OnDemand, Parameter, Program, GraphError, OptionError, linearGrid, show, showShape };
  return new (await import("./halves.ts")).Halves(main);
});
