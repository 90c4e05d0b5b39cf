import { DataError, OptionError } from "./errors.ts";

/** A value as text for an error message: short, and never `[object Object]`. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Float32Array).length})`;
  if (Array.isArray(value)) {
    return value.length > 8 ? `an array of ${value.length}` : `[${value.map(show).join(", ")}]`;
  }
  if (typeof value === "function") return value.name ? `function ${value.name}` : "a function";
  if (typeof value === "object" && value !== null) {
    const name = value.constructor?.name;
    return name && name !== "Object" ? `a ${name}` : `{ ${Object.keys(value).join(", ")} }`;
  }
  return String(value);
}

/** Throws an {@link OptionError} for any key of `options` that is not in `known`. */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new OptionError(`${where}: options must be an object, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new OptionError(`${where}: unknown option ${show(key)}; the options are ${known.join(", ")}`);
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
      throw new DataError(
        `${where}: ${name} must be finite, got ${data[i]} at index ${i}; drop or fill the missing values first`,
      );
    }
  }
}
