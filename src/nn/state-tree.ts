import { show } from "../checks.ts";
import { GraphError } from "../errors.ts";
import { Tensor } from "../graph/tensor.ts";

/** The tensors of a state, in order, by path: `state`, `state.h`, `state.0.c`. */
export function leavesOf(where: string, state: unknown, path = "state"): Map<string, Tensor> {
  if (state instanceof Tensor) return new Map([[path, state]]);
  if (state === null || state === undefined) return new Map();
  if (!isBranch(state)) {
    throw new GraphError(
      `${where}: the model's ${path} must be a tensor or tensors in an object or array, got ${show(state)}`,
    );
  }
  return new Map(
    Object.entries(state).flatMap(([key, child]) => [...leavesOf(where, child, `${path}.${key}`)]),
  );
}

/** A state of the same structure with other tensors. */
export function rebuild(state: unknown, leaf: (path: string) => Tensor, path = "state"): unknown {
  if (state instanceof Tensor) return leaf(path);
  if (Array.isArray(state)) return state.map((child, i) => rebuild(child, leaf, `${path}.${i}`));
  if (!isBranch(state)) return state;
  return Object.fromEntries(
    Object.entries(state).map(([key, child]) => [key, rebuild(child, leaf, `${path}.${key}`)]),
  );
}

/** Whether a value is an array or a plain object, which can be rebuilt. */
function isBranch(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
