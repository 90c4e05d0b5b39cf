/** A value as a terminal would print it, near enough for one line. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return value;
  if (ArrayBuffer.isView(value) && "length" in value) return showList([...(value as Float32Array)]);
  if (Array.isArray(value)) return showList(value);
  if (value instanceof Map) return `Map(${value.size}) ${showObject(Object.fromEntries(value))}`;
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype)
    return showObject(value);
  return String(value);
}

/** Entries of a list that are shown. */
const SHOWN = 12;

function showList(values: readonly unknown[]): string {
  const shown = values.slice(0, SHOWN).map(showInside);
  if (values.length > SHOWN) shown.push(`… ${values.length - SHOWN} more`);
  return `[${shown.join(", ")}]`;
}

function showObject(value: object): string {
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key}: ${showInside(inner)}`)
    .join(", ")} }`;
}

function showInside(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : showValue(value);
}
