/** What to say of options of `compile` that do not fit together. Loads on demand, and imports types alone. */
import type { CompileOptions } from "./compile-options.ts";
import type { CompileInputs } from "./inputs.ts";

/** @param show Shows a value in a message. */
export function misfit<Inputs extends CompileInputs, Results>(
  { optimizer, minimize, accumulate }: CompileOptions<Inputs, Results>,
  show: (value: unknown) => string,
): string {
  if (minimize !== undefined && optimizer === undefined)
    return "minimize goes with an optimizer; to look at gradients without an update return grad(loss, tensors)";
  if (minimize !== undefined && typeof minimize !== "string")
    return `minimize must name one result, got ${show(minimize)}; add several losses up into one`;
  if (accumulate !== undefined && optimizer === undefined)
    return "accumulate goes with an optimizer; without one nothing is updated";
  return `optimizer must be one such as optim.Adam, got ${show(optimizer)}`;
}
