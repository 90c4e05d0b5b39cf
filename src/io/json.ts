import { isObject, shorten, show } from "../checks.ts";
import { DataError } from "../errors.ts";
import { MAX_DEPTH, problemOf } from "./json-text.ts";

/** A value that JSON can hold; numbers are finite. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A value as JSON text. Throws a DataError for one that JSON cannot hold. */
export function toJson(where: string, name: string, value: unknown): string {
  checkJson(where, name, value, [name]);
  return JSON.stringify(value);
}

/** Throws for a value that JSON.stringify would drop or turn into null: a checkpoint must not lose anything. */
function checkJson(where: string, name: string, value: unknown, path: string[]): void {
  if (value === null || typeof value === "boolean" || typeof value === "string" || Number.isFinite(value))
    return;
  if (path.length > MAX_DEPTH) {
    throw new DataError(
      `${where}: ${name} is nested too deeply, or contains itself: more than ${MAX_DEPTH} levels`,
    );
  }
  const items: [string, unknown][] | null = Array.isArray(value)
    ? Array.from(value, (item, i) => [`[${i}]`, item])
    : isPlain(value)
      ? Object.entries(value).map(([key, item]) => [`.${key}`, item])
      : null;
  if (!items) {
    throw new DataError(
      `${where}: ${shorten(path.join(""))} must be plain JSON (finite numbers, text, lists, objects), got ${show(value)}`,
    );
  }
  for (const [key, item] of items) {
    path.push(key);
    checkJson(where, name, item, path);
    path.pop();
  }
}

/** Parses a metadata entry. Throws a DataError if it is not JSON, repeats a key or is nested too deeply. */
export function fromJson(where: string, name: string, metadata: Readonly<Record<string, string>>): Json {
  const text = metadata[name]!;
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw new DataError(
      `${where}: the metadata entry ${show(name)} must be JSON (${shorten((cause as Error).message)}); the file is no checkpoint`,
      { cause },
    );
  }
  const problem = problemOf(text);
  if (problem) throw new DataError(`${where}: the metadata entry ${show(name)} ${problem}`);
  checkJson(where, name, value, [name]); // JSON.parse reads 1e999 as infinity
  return value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
