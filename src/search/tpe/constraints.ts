import type { FrozenTrial } from "../frozen-trial.ts";

/**
 * How far a trial violates the constraints that Python's Optuna has noted for it: the sum of what is above 0. This library sets none.
 */
export function constraintViolation({ systemAttrs }: FrozenTrial): number {
  const values = new Map<string, unknown>();
  const list = systemAttrs["constraints"];
  if (Array.isArray(list)) for (const [i, value] of list.entries()) values.set(String(i), value);
  for (const [key, value] of Object.entries(systemAttrs))
    if (key.startsWith("constraints:")) values.set(key.slice("constraints:".length), value);
  let sum = 0;
  for (const value of values.values()) if (typeof value === "number" && value > 0) sum += value;
  return sum;
}
