/**
 * Values as JSON holds them. JSON has no NaN, no infinities and no -0: those numbers become `{ number: "NaN" }`. An object that looks
 * like one, or like this, is wrapped as `{ object: … }`, so that everything comes back as it was.
 */
import { isObject, show } from "../checks.ts";
import { DataError } from "../errors.ts";
import type { Json } from "../io/json.ts";

const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/** A value of plain objects, arrays, numbers, strings, booleans and null as JSON. Entries that are undefined are left out. */
export function pack(value: unknown): Json {
  if (typeof value === "number") {
    const name = Object.keys(SPECIAL).find((name) => Object.is(SPECIAL[name], value));
    return name === undefined ? value : { number: name };
  }
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== "object" || value === null) return value as Json;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  const packed: JsonObject = Object.fromEntries(entries.map(([key, entry]) => [key, pack(entry)]));
  return isWrapper(packed) ? { object: packed } : packed;
}

/**
 * The value that {@link pack} was given.
 * @throws DataError for what pack does not give
 */
export function unpack(value: Json): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as JsonObject;
  if (!isWrapper(fields)) return unpackEntries(fields);
  if ("number" in fields) {
    const { number } = fields;
    if (typeof number === "string" && Object.hasOwn(SPECIAL, number)) return SPECIAL[number];
    throw new DataError(`a number must be one of ${Object.keys(SPECIAL).join(", ")}, got ${show(number)}`);
  }
  const inner = fields["object"];
  if (isObject(inner)) {
    return unpackEntries(inner as JsonObject);
  }
  throw new DataError(`a wrapped object must be one, got ${show(inner)}`);
}

/** Resolves every object that has a `toJSON`, such as a scaler, to what that gives. */
export function resolveJson(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return resolveJson(toJSON.call(value));
  if (Array.isArray(value)) return value.map(resolveJson);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, resolveJson(entry)]));
}

type JsonObject = { readonly [key: string]: Json };

/** Whether an object has one entry, and that is called "number" or "object". */
function isWrapper(value: JsonObject): boolean {
  const [key, ...others] = Object.keys(value);
  return others.length === 0 && (key === "number" || key === "object");
}

function unpackEntries(object: JsonObject): unknown {
  return Object.fromEntries(Object.entries(object).map(([key, entry]) => [key, unpack(entry)]));
}
