import type { ClippingPlanner } from "../graph/gradient-clipping.ts";
import type { Dispatch, Operand } from "../ops/op.ts";
import { clippingFactor, clipValue, scaleGradients } from "../ops/update/gradient-norm.ts";

/** Plans a trace's clippings, in the order of the calls. Clippings bring it along, so that a bundle that does not clip does without it. */
export const planClippings: ClippingPlanner = (clippings, updated, rangesOf, plan) => {
  const dispatches: Dispatch[] = [];
  const guards = clippings.filter((clipping) => clipping.kind === "norm" && clipping.errorIfNonfinite);
  const guard = guards.length > 0 ? plan.temporary([guards.length]) : null;
  let factor: Operand | null = null;
  for (const [i, clipping] of clippings.entries()) {
    const ranges = rangesOf(clipping.parameters);
    if (clipping.kind === "value") {
      dispatches.push(...clipValue(ranges, clipping.limit, plan));
      continue;
    }
    const slot = guards.indexOf(clipping);
    const guarded = guard && slot >= 0 ? { operand: guard, slot } : null;
    const clipped = clippingFactor(ranges, { ...clipping, guard: guarded }, plan);
    dispatches.push(...clipped.dispatches);
    // If this is the last clipping, the update multiplies by the factor itself, which saves a pass over the gradients.
    const all = new Set(clipping.parameters);
    const isLast = i === clippings.length - 1;
    if (isLast && updated.every((parameter) => all.has(parameter))) factor = clipped.factor;
    else {
      const each = clipping.parameters.flatMap((parameter) => rangesOf([parameter]));
      dispatches.push(...scaleGradients(each, clipped.factor, plan));
    }
  }
  return { dispatches, guard, factor };
};
