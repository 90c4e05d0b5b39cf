/** The texts of kernels that read a binding in half precision. Loads on demand, and imports nothing. */

/** What reads an element in place of `name[at]`, by the binding's type; the type of the words that hold it. */
const READERS = {
  f32: {
    words: "u32",
    read: (name: string) =>
      `fn halfAt(at: u32) -> f32 {
  let two = unpack2x16float(${name}[at >> 1u]);
  return select(two.x, two.y, (at & 1u) != 0u);
}`,
  },
  vec4f: {
    words: "vec2u",
    read: (name: string) =>
      `fn halfAt(at: u32) -> vec4f {
  let four = ${name}[at];
  return vec4f(unpack2x16float(four.x), unpack2x16float(four.y));
}`,
  },
};

/**
 * A kernel's text with one of its bindings in half precision: `var<storage, read> b: array<f32>` becomes an array of words with two
 * values each, and every `b[…]` a call that unpacks. An array of vec4f, an array of vec2u. The arithmetic stays that of float32.
 */
export function readHalves(code: string, name: string): string {
  // A build leaves out spaces.
  const declared = new RegExp(`(var<storage, ?read> ?${name}: ?array<)(f32|vec4f)>`);
  const type = declared.exec(code)?.[2] as keyof typeof READERS;
  const { words, read } = READERS[type];
  const access = new RegExp(`(?<![\\w.])${name}\\[`);
  let [done, rest] = ["", code.replace(declared, `$1${words}>`)];
  for (let found = access.exec(rest); found; found = access.exec(rest)) {
    const start = found.index + found[0].length;
    const end = closingBracket(rest, start);
    done += `${rest.slice(0, found.index)}halfAt(`;
    // An index may hold another access.
    rest = `${rest.slice(start, end)})${rest.slice(end + 1)}`;
  }
  return `${done}${rest}\n${read(name)}\n`;
}

/** Index of the bracket that closes the one before `start`. */
function closingBracket(code: string, start: number): number {
  let depth = 1;
  let at = start;
  for (; depth > 0 && at < code.length; at++) depth += code[at] === "[" ? 1 : code[at] === "]" ? -1 : 0;
  return at - 1;
}
