import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Plugin, transformWithOxc } from "vite";

/**
 * Writes a page's service worker beside its `index.html`, with the list of the files that it stores.
 * @param source The service worker, in TypeScript without imports.
 * @param isStored Whether to store a file, by the modules that are in it (none for an asset) and its name.
 */
export function offline(
  source: string,
  isStored: (fileName: string, modules: readonly string[]) => boolean,
): Plugin {
  return {
    name: "offline",
    apply: "build",
    enforce: "post",
    async generateBundle(_, bundle) {
      const files = Object.values(bundle)
        .filter((file) => isStored(file.fileName, file.type === "chunk" ? file.moduleIds : []))
        .map(({ fileName }) => (fileName === "index.html" ? "./" : fileName))
        .sort();
      const page = bundle["index.html"];
      const version = createHash("sha256")
        .update(files.join())
        .update(page?.type === "asset" ? page.source : "")
        .digest("hex");
      const { code } = await transformWithOxc(readFileSync(source, "utf8"), source);
      this.emitFile({
        type: "asset",
        fileName: "service-worker.js",
        source: `const FILES = ${JSON.stringify(files)};\nconst VERSION = ${JSON.stringify(version.slice(0, 16))};\n${code}`,
      });
    },
  };
}
