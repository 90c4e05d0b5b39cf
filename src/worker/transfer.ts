import type { NDArray } from "../shape.ts";

const marked = new WeakMap<object, readonly Transferable[]>();

/**
 * Marks parts of a value to be handed over to the other thread, not copied, as the list of `postMessage` does. This thread cannot use
 * them once the value is sent.
 * @param value An argument of a call, or an action's answer.
 * @param transferables Buffers and the like within it.
 *
 * @example
 * await trainer.predict(transfer(x, [x.data.buffer]));
 */
export function transfer<T extends object>(value: T, transferables: readonly Transferable[]): T {
  marked.set(value, [...transferables]);
  return value;
}

/** What these values are marked with; takes the marks off. */
export function transfersOf(values: readonly unknown[]): Transferable[] {
  const lists = values.map((value) => (typeof value === "object" && value ? marked.get(value) : undefined));
  for (const value of values) if (typeof value === "object" && value) marked.delete(value);
  return [...new Set(lists.flatMap((list) => list ?? []))];
}

/** The buffers of an answer's arrays, which this library has made and nobody else holds. */
export function buffersOf(value: unknown): Transferable[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  if (value instanceof Map) return [...value.values()].flatMap(buffersOf);
  const data = (value as Partial<NDArray> | null | undefined)?.data;
  return data ? buffersOf(data) : [];
}
