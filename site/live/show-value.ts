/** Values as Node's console would print them, near enough for one line. Nothing that a program may print makes it throw. */

/** Entries of a list or an object that are shown. */
const SHOWN = 12;
/** Objects inside objects that are opened. */
const DEEP = 3;

/** A value among those that `console.log` was given. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return show(value, []);
  } catch {
    // A getter or a `toString` that throws.
    return Object.prototype.toString.call(value);
  }
}

function show(value: unknown, outer: readonly object[]): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "function") return `[Function: ${value.name || "anonymous"}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (outer.includes(value)) return "[circular]";
  return showObject(value, [...outer, value]);
}

/** @param within The objects that it is in, and itself. */
function showObject(value: object, within: readonly object[]): string {
  const inside = (inner: unknown) => show(inner, within);
  const pair = ([key, inner]: readonly [unknown, unknown]) => `${inside(key)} => ${inside(inner)}`;
  const kind = Object.getPrototypeOf(value)?.constructor?.name as string | undefined;

  if (value instanceof Error || value instanceof Date || value instanceof RegExp) return String(value);
  if (value instanceof Promise) return "Promise (await it for its value)";
  if (within.length > DEEP) return Array.isArray(value) ? "[…]" : `${kind ?? "{"}${kind ? " {…}" : "…}"}`;
  if (Array.isArray(value)) return list(value.length, (i) => inside(value[i]));
  if (ArrayBuffer.isView(value) && "length" in value) {
    const numbers = value as Float32Array;
    return list(numbers.length, (i) => inside(numbers[i]));
  }
  if (value instanceof Map) return `Map(${value.size}) ${entries([...value].map(pair))}`;
  if (value instanceof Set) return `Set(${value.size}) ${entries([...value].map(inside))}`;
  if (value.toString !== Object.prototype.toString && kind !== undefined) return String(value);
  const shown = entries(Object.entries(value).map(([key, inner]) => `${key}: ${inside(inner)}`));
  return kind === undefined || kind === "Object" ? shown : `${kind} ${shown}`;
}

function list(length: number, entry: (i: number) => string): string {
  const shown = Array.from({ length: Math.min(length, SHOWN) }, (_, i) => entry(i));
  return `[${[...shown, ...more(length)].join(", ")}]`;
}

function entries(shown: readonly string[]): string {
  if (shown.length === 0) return "{}";
  return `{ ${[...shown.slice(0, SHOWN), ...more(shown.length)].join(", ")} }`;
}

const more = (length: number): string[] => (length > SHOWN ? [`… ${length - SHOWN} more`] : []);
