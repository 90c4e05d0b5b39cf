import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** A line that is a comment, but for the marks that src/gpu/unroll.ts reads. */
const COMMENT = /^[ \t]*\/\/(?! @unroll)[^\n]*\n/gm;

/** Lines whose form src/gpu/unroll.ts and Kernel.with() rely on. */
const KEPT = /^(?:\/\/ @unroll|for \(|const \w+ = \d+u;)/;

/** The shader without its comment lines, empty lines and indentation, and without most of the spaces that mean nothing. */
export function withoutComments(wgsl: string): string {
  const code = wgsl.replace(COMMENT, "").replace(/^\s+/gm, "");
  return code.replace(/^.*$/gm, (line) => (KEPT.test(line) ? line : withoutSpaces(line)));
}

/** Spaces around `<`, `>`, `-` and `/` stay: without them a token could become another. */
function withoutSpaces(line: string): string {
  return line
    .replace(/([,;{(]) /g, "$1")
    .replace(/ ([{)}])/g, "$1")
    .replace(/(?<![<>]) (=|\+=|\*|\+|&&|\|\||==|!=) (?!-)/g, "$1");
}

/** Leaves the shaders' comments, a third of their text, out of a build: a minifier cannot, as they are in strings. */
export function wgslComments(): Plugin {
  return {
    name: "wgsl-comments",
    apply: "build",
    enforce: "pre",
    load(id) {
      if (!id.endsWith(".wgsl?raw")) return null;
      const file = id.slice(0, -"?raw".length);
      this.addWatchFile(file);
      return `export default ${JSON.stringify(withoutComments(readFileSync(file, "utf8")))};`;
    },
  };
}
