import { WebGpuLstmError } from "../errors.ts";

const MARKED = /\/\/ @unroll\n\s*for \(var (\w+) = 0u; \1 < (\d+)u; \1\+\+\) \{/;

/**
 * Writes out the loops that a kernel file marks with `// @unroll`: `for (var i = 0u; i < 4u; i++) { … }` becomes four blocks with
 * `const i`. Drivers keep accumulators in registers then, and a builtin that wants a constant gets one.
 */
export function unroll(code: string): string {
  for (let match = MARKED.exec(code); match; match = MARKED.exec(code)) {
    const [head, name, count] = match as unknown as [string, string, string];
    const start = match.index + head.length;
    const end = closingBrace(code, start);
    const body = code.slice(start, end);
    const blocks = Array.from({ length: Number(count) }, (_, i) => `{ const ${name} = ${i}u;${body}}`);
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
