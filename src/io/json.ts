import { show } from "../checks.ts";
import { DataError } from "../errors.ts";
import { isObject } from "./safetensors.ts";

/** A value that JSON can hold; numbers are finite. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A value as JSON text. Throws a DataError for one that JSON cannot hold. */
export function toJson(where: string, name: string, value: unknown): string {
  try {
    checkJson(where, name, value);
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a RangeError means that the stack overflowed
    throw new DataError(`${where}: ${name} is nested too deeply, or contains itself`, { cause: error });
  }
}

/** Throws for a value that JSON.stringify would drop or turn into null: a checkpoint must not lose anything. */
function checkJson(where: string, path: string, value: unknown): void {
  if (value === null || typeof value === "boolean" || typeof value === "string" || Number.isFinite(value))
    return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkJson(where, `${path}[${i}]`, value[i]);
  } else if (isPlain(value)) {
    for (const [key, item] of Object.entries(value)) checkJson(where, `${path}.${key}`, item);
  } else {
    throw new DataError(
      `${where}: ${path} must be plain JSON (finite numbers, text, lists, objects), got ${show(value)}`,
    );
  }
}

/** Parses a metadata entry. Throws a DataError if it is not JSON. */
export function fromJson(where: string, name: string, metadata: Readonly<Record<string, string>>): Json {
  try {
    return JSON.parse(metadata[name]!) as Json;
  } catch (error) {
    throw new DataError(
      `${where}: the metadata entry ${show(name)} must be JSON; the file is no checkpoint`,
      {
        cause: error,
      },
    );
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
