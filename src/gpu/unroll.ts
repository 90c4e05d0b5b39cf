import { WebGpuLstmError } from "../errors.ts";

const MARKED = /\/\/ @unroll\n\s*for \(var (\w+) = 0u; \1 < (\d+u|[A-Z_]+); \1\+\+\) \{/;

/**
 * Writes out the loops that a kernel file marks with `// @unroll`: `for (var i = 0u; i < 4u; i++) { … }` becomes four blocks with
 * `const i`. The limit may be a constant of the file. Drivers keep accumulators in registers then, and a builtin that wants a constant gets one.
 */
export function unroll(code: string): string {
  for (let match = MARKED.exec(code); match; match = MARKED.exec(code)) {
    const [head, name, limit] = match as unknown as [string, string, string];
    const count = /^\d/.test(limit) ? limit : new RegExp(`^const ${limit} = (\\d+u);`, "m").exec(code)?.[1];
    if (count === undefined)
      throw new WebGpuLstmError(`unroll: no line "const ${limit} = …u;" for a loop marked @unroll`);
    const start = match.index + head.length;
    const end = closingBrace(code, start);
    const body = code.slice(start, end);
    const blocks = Array.from(
      { length: Number.parseInt(count, 10) },
      (_, i) => `{ const ${name} = ${i}u;${body}}`,
    );
    code = code.slice(0, match.index) + blocks.join("\n") + code.slice(end + 1);
  }
  return code;
}

/** Index of the brace that closes the one before `start`. */
function closingBrace(code: string, start: number): number {
  let depth = 1;
  for (let at = start; at < code.length; at++) {
    if (code[at] === "{") depth++;
    else if (code[at] === "}" && --depth === 0) return at;
  }
  throw new WebGpuLstmError("unroll: a loop marked @unroll has no closing brace");
}
