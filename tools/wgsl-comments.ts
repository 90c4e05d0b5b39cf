import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** A line that is a comment, but for the marks that src/gpu/unroll.ts reads. */
const COMMENT = /^[ \t]*\/\/(?! @unroll)[^\n]*\n/gm;

/** The shader without its comment lines, empty lines and indentation. */
export function withoutComments(wgsl: string): string {
  return wgsl.replace(COMMENT, "").replace(/^\s+/gm, "");
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
