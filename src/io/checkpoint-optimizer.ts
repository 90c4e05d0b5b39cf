/** An optimizer's state in a checkpoint: its tensors are among the file's tensors, its numbers are JSON in the metadata. */
import { isObject, show } from "../checks.ts";
import { DataError } from "../errors.ts";
import type { NDArray } from "../shape.ts";
import type { Json } from "./json.ts";
import { describe } from "./safetensors.ts";

/** An optimizer's state of one parameter, with PyTorch's names: `{ step: 10, exp_avg: { data, shape }, … }`. */
export type CheckpointSlots = Readonly<
  Record<string, NDArray | number | boolean | null | readonly (NDArray | null)[]>
>;

/** One group of parameters: PyTorch's settings (`lr`, `weight_decay`, …) and the numbers of its parameters. */
export type CheckpointGroup = Readonly<Record<string, Json>> & { readonly params: readonly number[] };

/** An optimizer's state dict in the shape and with the keys of PyTorch's `Optimizer.state_dict()`. */
export interface CheckpointOptimizer {
  /** By the parameter's number, counted through all groups. */
  readonly state: Readonly<Record<number, CheckpointSlots>>;
  /** The groups of parameters with their settings. */
  readonly param_groups: readonly CheckpointGroup[];
}

/** Prefix of the names of an optimizer's tensors: `optimizer.state.0.exp_avg`. */
export const OPTIMIZER = "optimizer.state.";

/** Separates an optimizer's tensors from its numbers, as a file stores them. */
export function splitOptimizer(where: string, optimizer: unknown) {
  checkOptimizer(where, optimizer);
  const { state, param_groups } = optimizer;
  const slots = new Map<string, NDArray>();
  const scalars: [index: string, Record<string, unknown>][] = [];
  for (const [index, own] of Object.entries(state)) {
    const entries = Object.entries(own);
    const numbers = entries.filter(([, value]) => !isTensor(value));
    // A tensor in a list has its place in the name.
    const listed = (value: unknown) =>
      Array.isArray(value) ? value.map((one) => (isTensor(one) ? null : one)) : value;
    scalars.push([index, Object.fromEntries(numbers.map(([name, value]) => [name, listed(value)]))]);
    for (const [name, value] of entries) {
      const parts = Array.isArray(value) ? value.map((one, i) => [`${name}.${i}`, one]) : [[name, value]];
      for (const [part, one] of parts) if (isTensor(one)) slots.set(`${OPTIMIZER}${index}.${part}`, one);
    }
  }
  return { numbers: { state: Object.fromEntries(scalars), param_groups }, slots };
}

/** Joins what {@link splitOptimizer} separated. */
export function joinOptimizer(
  where: string,
  { state, param_groups }: CheckpointOptimizer,
  slots: ReadonlyMap<string, NDArray>,
): CheckpointOptimizer {
  const joined = new Map(Object.entries(state).map(([index, own]) => [index, new Map(Object.entries(own))]));
  for (const [name, tensor] of slots) {
    const dot = name.indexOf(".", OPTIMIZER.length);
    const slot = name.slice(dot + 1);
    const own = dot < 0 ? undefined : joined.get(name.slice(OPTIMIZER.length, dot));
    const place = slot.lastIndexOf(".");
    const list = own?.get(slot.slice(0, place));
    const at = slot.slice(place + 1);
    if (own && place > 0 && Array.isArray(list) && Object.hasOwn(list, at) && list[Number(at)] === null) {
      own.set(slot.slice(0, place), list.with(Number(at), tensor));
      continue;
    }
    if (!own || own.has(slot)) {
      throw new DataError(
        `${where}: tensor ${describe(name)} must be ${show(`${OPTIMIZER}0.exp_avg`)} or the like, with a number that is in ` +
          `the metadata's optimizer.state and a name that is not; the file is no checkpoint`,
      );
    }
    own.set(slot, tensor);
  }
  const entries = [...joined].map(([index, own]) => [index, Object.fromEntries(own)]);
  return { state: Object.fromEntries(entries), param_groups };
}

/** Throws a DataError unless `value` is a state dict as PyTorch's optimizers have it. */
export function checkOptimizer(where: string, value: unknown): asserts value is CheckpointOptimizer {
  const wrong = (what: string) => new DataError(`${where}: optimizer${what}`);
  if (!isObject(value) || !isObject(value["state"]) || !Array.isArray(value["param_groups"])) {
    throw wrong(
      ` must be { state, param_groups }, as PyTorch's state_dict() has them, got ${describe(value)}`,
    );
  }
  const numbers = new Set<unknown>();
  for (const [i, group] of value["param_groups"].entries()) {
    const params: unknown = isObject(group) ? group["params"] : undefined;
    if (
      !Array.isArray(params) ||
      !params.every((n) => Number.isSafeInteger(n) && n >= 0 && !numbers.has(n))
    ) {
      throw wrong(
        `.param_groups[${i}].params must be numbers of parameters that no other group has, got ${describe(params)}`,
      );
    }
    for (const n of params) numbers.add(n);
  }
  for (const [index, slots] of Object.entries(value["state"])) {
    if (String(Number(index)) !== index || !numbers.has(Number(index))) {
      throw wrong(`.state[${describe(index)}] is for a parameter that no group in param_groups has`);
    }
    if (!isObject(slots))
      throw wrong(`.state[${index}] must be { step, exp_avg, … }, got ${describe(slots)}`);
    if (Object.hasOwn(slots, "step") && !isCount(slots["step"])) {
      throw wrong(
        `.state[${index}]["step"] must be an integer from 0 to 2^53 - 1, as it counts updates, got ${describe(stepOf(slots["step"]))}`,
      );
    }
    for (const [name, slot] of Object.entries(slots)) {
      if (isTensor(slot) || slot === null || typeof slot === "boolean" || Number.isFinite(slot)) continue;
      if (Array.isArray(slot) && slot.every((one) => isTensor(one) || one === null)) continue;
      throw wrong(
        `.state[${index}][${describe(name)}] must be { data: Float32Array, shape }, a finite number, true, false or null, ` +
          `got ${describe(slot)}`,
      );
    }
  }
}

/** A step count as a number; PyTorch also has it as a tensor of one element. */
function stepOf(step: unknown): unknown {
  return isTensor(step) && step.data.length === 1 ? step.data[0] : step;
}

function isCount(step: unknown): boolean {
  const count = stepOf(step);
  return count === null || (Number.isSafeInteger(count) && (count as number) >= 0);
}

function isTensor(value: unknown): value is NDArray {
  return isObject(value) && value["data"] instanceof Float32Array && Array.isArray(value["shape"]);
}
