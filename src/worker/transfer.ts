import { show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import type { NDArray } from "../shape.ts";

const marked = new WeakMap<object, readonly Transferable[]>();

/**
 * Marks parts of a value to be transferred to the other thread instead of copied, as the list of `postMessage` does. This thread cannot
 * use them once the value is sent.
 * @param value An argument of a call, or an action's answer.
 * @param transferables Buffers and other transferable objects within it.
 *
 * @example
 * await trainer.predict(transfer(x, [x.data.buffer]));
 */
export function transfer<T extends object>(value: T, transferables: readonly Transferable[]): T {
  if (typeof value !== "object" || value === null || !Array.isArray(transferables)) {
    throw new OptionError(
      `transfer: expected a value and an array of the buffers within it, got ${show(value)} and ${show(transferables)}`,
    );
  }
  marked.set(value, [...transferables]);
  return value;
}

/** Removes and returns the transferables that these values are marked with. */
export function transfersOf(values: readonly unknown[]): Transferable[] {
  const lists = values.map((value) => (typeof value === "object" && value ? marked.get(value) : undefined));
  for (const value of values) if (typeof value === "object" && value) marked.delete(value);
  return [...new Set(lists.flatMap((list) => list ?? []))];
}

/** The buffers of an answer's arrays; the library created them, and no other code refers to them. */
export function buffersOf(value: unknown): Transferable[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  if (value instanceof Map) return [...value.values()].flatMap(buffersOf);
  const data = (value as Partial<NDArray> | null | undefined)?.data;
  return data ? buffersOf(data) : [];
}
