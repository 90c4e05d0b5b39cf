import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { linearGrid } from "../grid.ts";
import type { Dispatch, PlanContext } from "../op.ts";
import { type Checked, finiteCheckDeclaration, finiteMark } from "./finite-mark.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./finite-check.wgsl.ts"));

export const finiteCheckKernel = /* @__PURE__ */ new Kernel({ ...finiteCheckDeclaration, texts });

/** Marks a slot if a value or the scalar is NaN or infinite. */
export function finiteCheck(checked: Checked, plan: PlanContext): Dispatch {
  return finiteMark(finiteCheckKernel, checked, (invocations) => linearGrid(invocations, plan));
}
