/** What to say of options of `compile` that do not fit together. Loads on demand, and imports types alone. */
import type { CompileOptions } from "./compile-options.ts";
import type { CompileInputs } from "./inputs.ts";

/** @param show Shows a value in a message. */
export function misfit<Inputs extends CompileInputs, Results>(
  { optimizer, minimize, accumulate, weights }: CompileOptions<Inputs, Results>,
  show: (value: unknown) => string,
): string {
  if (weights !== undefined && weights !== "f32" && weights !== "f16")
    return `weights must be "f32" or "f16", got ${show(weights)}`;
  if (weights === "f16" && optimizer)
    return 'weights "f16" are for inference, since an optimizer changes them in float32; compile a second step without the optimizer';
  if (minimize !== undefined && optimizer === undefined)
    return "minimize goes with an optimizer; to look at gradients without an update return grad(loss, tensors)";
  if (minimize !== undefined && typeof minimize !== "string")
    return `minimize must name one result, got ${show(minimize)}; add several losses up into one`;
  if (accumulate !== undefined && optimizer === undefined)
    return "accumulate goes with an optimizer; without one nothing is updated";
  return `optimizer must be one such as optim.Adam, got ${show(optimizer)}`;
}
