/**
 * Python's spelling of numbers and JSON. Optuna's journal is what `json.dumps` writes: `NaN` and `Infinity` are words of it, a float is
 * `1.0` where an integer is `1`, and every character beyond ASCII is escaped.
 */
import { isObject } from "../checks.ts";

/** A number that Python shall read as a float, also if it is whole. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** The numbers of a list as {@link PythonFloat}s. */
export function floats(values: readonly number[]): readonly PythonFloat[] {
  return values.map((value) => new PythonFloat(value));
}

/** `repr(x)` of a Python float: `1.0`, `1e-05`, `1e+16`, `nan`. */
export function floatRepr(x: number): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (Object.is(x, -0)) return "-0.0";
  const [mantissa, exponent] = x.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const text = String(x);
  return text.includes(".") ? text : `${text}.0`;
}

/** A float as `json.dumps` writes it. */
function floatJson(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "Infinity" : "-Infinity";
  return floatRepr(x);
}

function textJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * A value as `json.dumps` writes it. Whole numbers are integers, unless they are wrapped as {@link PythonFloat}; `undefined` entries of an
 * object are left out.
 * @param spaced With a space after each comma and colon, as `json.dumps` without `separators`
 */
export function toPythonJson(value: unknown, spaced = false): string {
  const [comma, colon] = spaced ? [", ", ": "] : [",", ":"];
  const write = (item: unknown): string => {
    if (item instanceof PythonFloat) return floatJson(item.value);
    if (typeof item === "number") return Number.isSafeInteger(item) ? String(item) : floatJson(item);
    if (typeof item === "string") return textJson(item);
    if (typeof item === "boolean" || item === null || item === undefined) return String(item ?? null);
    if (Array.isArray(item)) return `[${item.map(write).join(comma)}]`;
    const entries = Object.entries(item as object).filter(([, entry]) => entry !== undefined);
    return `{${entries.map(([key, entry]) => textJson(key) + colon + write(entry)).join(comma)}}`;
  };
  return write(value);
}

/** The words that Python's JSON has and JSON has not. */
const WORDS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

/** Marks a word of {@link WORDS} in a text that JSON.parse takes; no text contains it, as it is random. */
const MARK = `word-${Math.random()}`;

/**
 * Parses what `json.dumps` wrote.
 * @throws SyntaxError for anything else
 */
export function fromPythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
  }
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) =>
    token.startsWith('"') ? token : `{"${MARK}":"${token}"}`,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    isObject(value) && MARK in value ? WORDS[value[MARK] as string] : value,
  );
}
