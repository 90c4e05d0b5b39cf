/** What JSON.parse does not say about a text: a key that an object has twice, and how deep it nests. */
import { listed, quote } from "../checks.ts";

/** Levels of lists and objects within each other that a file may have. */
export const MAX_DEPTH = 1000;

/** An object's key that comes a second time. */
interface RepeatedKey {
  readonly key: string;
  /** The keys of the objects around it, outermost first. */
  readonly path: readonly string[];
}

/** A list or an object that the scan is in. */
interface Level {
  /** The keys so far; `null` for a list. */
  readonly keys: Set<string> | null;
  key: string;
}

/** What is wrong with a JSON text that JSON.parse accepts, and what to do; `null` if nothing is. */
export function problemOf(text: string): string | null {
  const found = scanJson(text);
  if (found === "deep") return `is nested more than ${MAX_DEPTH} levels deep; write it flatter`;
  if (!found) return null;
  const inside =
    found.path.length > 0
      ? ` in ${listed(
          found.path.map((key) => quote(key, 80)),
          " > ",
        )}`
      : "";
  return `has the key ${quote(found.key, 80)} twice${inside}, so that it is not clear which counts; write the file again with each key once`;
}

/**
 * Scans a text that JSON.parse accepts.
 * @returns The first key that repeats; "deep" if the text nests deeper than {@link MAX_DEPTH}; `null` for a text without either.
 */
function scanJson(text: string): RepeatedKey | "deep" | null {
  const levels: Level[] = [];
  let wantsKey = false;
  for (let i = 0; i < text.length; i++) {
    const level = levels.at(-1);
    switch (text[i]) {
      case "{":
      case "[": {
        if (levels.length === MAX_DEPTH) return "deep";
        const isObject = text[i] === "{";
        levels.push({ keys: isObject ? new Set() : null, key: "" });
        wantsKey = isObject;
        break;
      }
      case "}":
      case "]":
        levels.pop();
        wantsKey = false;
        break;
      case ",":
        wantsKey = level?.keys != null;
        break;
      case '"': {
        const end = endOfString(text, i);
        if (wantsKey && level?.keys) {
          level.key = JSON.parse(text.slice(i, end + 1)) as string;
          if (level.keys.has(level.key)) {
            return { key: level.key, path: levels.slice(0, -1).map(({ key }) => key) };
          }
          level.keys.add(level.key);
          wantsKey = false;
        }
        i = end;
      }
    }
  }
  return null;
}

/** The index of the quote that ends the string beginning at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end;
  }
}
