import type { GpuContext } from "../gpu/context.ts";
import { OnDemand } from "../ondemand.ts";
import { type AccumulateOptions, checkAccumulate } from "./accumulate-options.ts";
import type { Accumulation } from "./accumulation.ts";
import { gradientsOf } from "./gradients.ts";
import { checkLeftOut, straysOf } from "./strays.ts";
import { checkClippings, planUpdate } from "./update.ts";

const accumulation = /* @__PURE__ */ new OnDemand(() => import("./accumulation.ts"));

async function accumulationOf(context: GpuContext, options: AccumulateOptions): Promise<Accumulation> {
  await accumulation.load();
  return new accumulation.module.Accumulation(context, options);
}

/**
 * What only a step with an optimizer needs. Optimizers bring it along, so that a bundle without one does without it.
 */
export const training = {
  accumulationOf,
  checkAccumulate,
  checkClippings,
  checkLeftOut,
  gradientsOf,
  planUpdate,
  straysOf,
};
