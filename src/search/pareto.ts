import type { FrozenTrial } from "./frozen-trial.ts";
import type { Direction } from "./operations.ts";

/** A trial's values with the sign that makes less better. */
export function losses({ values }: FrozenTrial, directions: readonly Direction[]): readonly number[] {
  return values!.map((value, i) => (directions[i] === "maximize" ? -value : value));
}

/** Whether `a` is nowhere worse than `b`, and somewhere better. */
export function dominates(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => value <= b[i]!) && a.some((value, i) => value < b[i]!);
}

/** The complete trials that no other dominates, in their order. */
export function paretoFront<T extends FrozenTrial>(
  complete: readonly T[],
  directions: readonly Direction[],
): readonly T[] {
  const points = complete.map((trial) => losses(trial, directions));
  return complete.filter((_, i) => !points.some((point) => dominates(point, points[i]!)));
}
