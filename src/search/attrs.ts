import { isObject, show } from "../checks.ts";
import { OptionError } from "../errors.ts";

/** Levels of lists and objects within each other that an attribute may have. */
const MAX_DEPTH = 100;

/** Throws an OptionError unless a journal can hold the attribute. */
export function checkAttr(where: string, key: unknown, value: unknown): asserts key is string {
  if (typeof key !== "string") throw new OptionError(`${where}: key must be text, got ${show(key)}`);
  checkPlain(where, value, MAX_DEPTH);
}

function checkPlain(where: string, value: unknown, depth: number): void {
  if (value === null || ["boolean", "number", "string"].includes(typeof value)) return;
  const isPlain =
    Array.isArray(value) ||
    (isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null));
  if (!isPlain || depth === 0) {
    throw new OptionError(
      `${where}: value must be plain JSON (numbers, text, true, false, null, lists and objects of them), got ${show(value)}`,
    );
  }
  for (const item of Object.values(value as object)) checkPlain(where, item, depth - 1);
}
