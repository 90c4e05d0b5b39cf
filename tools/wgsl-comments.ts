import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** A line that is a comment, but for the marks that src/gpu/unroll.ts reads. */
const COMMENT = /^[ \t]*\/\/(?! @unroll)[^\n]*\n/gm;

/** Lines whose form src/gpu/unroll.ts and Kernel.with() rely on. */
const KEPT = /^(\/\/ @unroll\nfor .*|const \w+ = \d+u;)$/m;

/** The shader without its comments, each a line or more of its own, and without most of the white space that means nothing. */
export function withoutComments(wgsl: string): string {
  const code = wgsl.replace(COMMENT, "").replace(/^\s+/gm, "");
  // Every second part is a match of KEPT.
  return code
    .split(KEPT)
    .map((part, i) => (i % 2 === 1 ? part : withoutSpaces(part)))
    .filter((part) => part !== "")
    .join("\n");
}

/** A space between two operators stays: without it they could become one. */
function withoutSpaces(code: string): string {
  return code
    .trim()
    .replace(/\s+/g, " ")
    .replace(/(?<=[\w)\]]) ([-+*/%&|^!=<>]+) (?=[\w(])/g, "$1")
    .replace(/ ?([,;:{}()[\]]) ?/g, "$1");
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
