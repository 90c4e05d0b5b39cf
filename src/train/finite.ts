import type { Module } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { OptimizerStateDict } from "../optim/state-dict.ts";
import type { NDArray } from "../shape.ts";

/** What to do about a batch whose loss or gradients are NaN or infinite. */
export type OnNonFinite = "throw" | "skip" | "ignore";

export const NON_FINITE: readonly unknown[] = ["throw", "skip", "ignore"];

/** What has been read of a run. */
interface ReadState {
  /** The model's state dict. */
  readonly values: ReadonlyMap<string, NDArray>;
  readonly state?: OptimizerStateDict;
  readonly carried?: ReadonlyMap<string, NDArray> | null;
}

/**
 * The first array of a run that has a NaN or an infinity: of the parameters that the optimizer updates, of the optimizer's state, or of
 * the carried state; `null` if there is none. Other parameters and buffers may hold infinities on purpose, as a mask does.
 */
export function firstNonFinite(model: Module, optimizer: Optimizer, read: ReadState): string | null {
  const { values, state, carried } = read;
  const names = new Map([...model.namedParameters()].map(([name, parameter]) => [parameter, name]));
  for (const [number, parameter] of optimizer.parameters.entries()) {
    const name = names.get(parameter);
    const value = values.get(name ?? "");
    if (value && !hasFinite(value)) return `parameter ${name}`;
    for (const [part, entry] of Object.entries(state?.state[number] ?? {})) {
      const array = entry as Partial<NDArray> | null;
      if (array?.data && !hasFinite(array as NDArray)) return `${part} of ${name ?? `parameter ${number}`}`;
    }
  }
  for (const [name, value] of carried ?? []) if (!hasFinite(value)) return `carried ${name}`;
  return null;
}

/** Whether all values of an array are neither NaN nor infinite. */
function hasFinite({ data }: NDArray): boolean {
  return data.every((value) => Number.isFinite(value));
}
