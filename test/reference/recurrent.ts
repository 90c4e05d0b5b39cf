/** The loss of the recurrent goldens, and numerical gradients, in float64. */
import {
  mse,
  type Parameters,
  recurrentForward,
  type Sizes,
  type State,
} from "../../tasks/reference/recurrent.ts";

/** The goldens' loss: the errors of the output and of the last states, added. */
export function recurrentLoss(
  sizes: Sizes,
  parameters: Parameters,
  x: Float64Array,
  initial: State | undefined,
  target: { readonly output: Float64Array; readonly h: Float64Array; readonly c?: Float64Array },
): number {
  const { output, state } = recurrentForward(sizes, parameters, x, initial);
  const ofCells = target.c ? mse(state.c, target.c) : 0;
  return mse(output, target.output) + mse(state.h, target.h) + ofCells;
}

/**
 * The central difference (f(x + e) - f(x - e)) / 2e for the element `index` of `values`, which is put back afterwards.
 * Its own error is of order e^2, and of order 1e-16 / e from rounding.
 */
export function centralDifference(f: () => number, values: Float64Array, index: number, e = 1e-5): number {
  const value = values[index]!;
  values[index] = value + e;
  const above = f();
  values[index] = value - e;
  const below = f();
  values[index] = value;
  return (above - below) / (2 * e);
}
