import type { NDArray } from "../shape.ts";

const marked = new WeakMap<object, readonly Transferable[]>();

/**
 * Marks what of a value is to be handed over and not copied when it goes to the other thread: as `postMessage`'s list. Afterwards
 * this thread has it no more.
 *
 * @example
 * await trainer.predict(transfer(x, [x.data.buffer]));
 */
export function transfer<T extends object>(value: T, transferables: readonly Transferable[]): T {
  marked.set(value, [...transferables]);
  return value;
}

/** What the values themselves are marked with. */
export function transfersOf(values: readonly unknown[]): Transferable[] {
  const lists = values.map((value) => (typeof value === "object" && value ? marked.get(value) : undefined));
  for (const value of values) if (typeof value === "object" && value) marked.delete(value);
  return [...new Set(lists.flatMap((list) => list ?? []))];
}

/** The memory of arrays that this library made for an answer, and nobody else has. */
export function buffersOf(value: unknown): Transferable[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  if (value instanceof Map) return [...value.values()].flatMap(buffersOf);
  const data = (value as Partial<NDArray> | null | undefined)?.data;
  return data ? buffersOf(data) : [];
}
