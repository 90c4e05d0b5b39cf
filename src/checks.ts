import { DataError, OptionError } from "./errors.ts";

/** Most characters of one value in an error message. */
const LONGEST = 200;

/** A value as text for an error message: at most 200 characters, whatever the value, and never `[object Object]`. */
export function show(value: unknown): string {
  return shorten(textOf(value, 3));
}

/** Text in quotes, cut after `longest` characters. */
export function quote(text: string, longest = LONGEST): string {
  const quoted = JSON.stringify(text.slice(0, longest));
  if (text.length <= longest && quoted.length <= longest + 2) return quoted;
  return `${quoted.slice(0, longest - 30)}…" (${text.length} characters)`;
}

/** The items in a row, of about `longest` characters at most: `a, b, … (1000 in all)`. */
export function listed(items: readonly string[], separator = ", ", longest = LONGEST - 30): string {
  let text = "";
  for (const [i, item] of items.entries()) {
    const next = (i === 0 ? "" : text + separator) + shorten(item, longest);
    if (i > 0 && next.length > longest) return `${text}${separator}… (${items.length} in all)`;
    text = next;
  }
  return text;
}

/** Text of at most `longest` characters. */
export function shorten(text: string, longest = LONGEST): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** @param depth Levels of lists within lists to spell out. */
function textOf(value: unknown, depth: number): string {
  if (typeof value === "string") return quote(value, LONGEST - 2);
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name}(${(value as Partial<Float32Array>).length ?? value.byteLength})`;
  if (Array.isArray(value)) {
    if (value.length > 8 || depth === 0) return `an array of ${value.length}`;
    return `[${listed(Array.from(value, (item) => textOf(item, depth - 1)))}]`;
  }
  if (typeof value === "function") return value.name ? `function ${value.name}` : "a function";
  if (typeof value === "object" && value !== null) {
    const name = className(value);
    if (name !== "Object") return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
    return `{ ${listed(Object.keys(value))} }`;
  }
  return typeof value === "bigint" ? `${value}n` : String(value);
}

/** The name of an object's class, even if it has a field called `constructor`. */
function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  const name = (prototype as { constructor?: { name?: unknown } } | null)?.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "Object";
}

/** Whether `value` is an object with entries: not `null`, and no array, typed or plain. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** Throws an {@link OptionError} for an argument that a function does not have. */
export function checkNoMore(where: string, more: readonly unknown[], advice = "leave it out"): void {
  if (more.length > 0) throw new OptionError(`${where}: unknown argument ${show(more[0])}; ${advice}`);
}

/**
 * Throws an {@link OptionError} for any key of `options` that is not in `known`.
 * @param more Arguments after the options; there must be none.
 */
export function checkOptions(
  where: string,
  options: object,
  known: readonly string[],
  more: readonly unknown[] = [],
): void {
  checkNoMore(where, more);
  if (!isObject(options)) {
    throw new OptionError(`${where}: options must be an object, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new OptionError(
        `${where}: unknown option ${show(key)}; the options are ${known.join(", ") || "none"}`,
      );
    }
  }
}

/** Throws an {@link OptionError} unless `value` is a finite number and `inside(value)` is true. */
export function checkNumber(
  where: string,
  name: string,
  value: unknown,
  range: string,
  inside: (n: number) => boolean,
): asserts value is number {
  if (typeof value !== "number" || !Number.isFinite(value) || !inside(value)) {
    throw new OptionError(`${where}: ${name} must be ${range}, got ${show(value)}`);
  }
}

/** Throws an {@link OptionError} unless `value` is an integer of at least `min`. */
export function checkInteger(where: string, name: string, value: unknown, min = 1): asserts value is number {
  checkNumber(where, name, value, `an integer of at least ${min}`, (n) => Number.isInteger(n) && n >= min);
}

/** Throws an {@link OptionError} unless `value` is a boolean. */
export function checkBoolean(where: string, name: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean") {
    throw new OptionError(`${where}: ${name} must be true or false, got ${show(value)}`);
  }
}

/** Throws a {@link DataError} at the first NaN or infinity in `data`. */
export function checkFinite(where: string, name: string, data: ArrayLike<number>): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      const advice = Number.isNaN(data[i]) ? "drop or fill the missing values first" : "for a mask use -1e30";
      throw new DataError(`${where}: ${name} must be finite, got ${data[i]} at index ${i}; ${advice}`);
    }
  }
}
