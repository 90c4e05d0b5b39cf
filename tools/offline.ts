import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Plugin, transformWithOxc } from "vite";

/**
 * Writes a page's service worker beside its `index.html`, with the list of the files that it stores.
 * @param source The service worker, in TypeScript without imports.
 * @param isStored Whether to store a file, by the modules that are in it (none for an asset) and its name.
 * @returns A plugin for the page, and one for its workers, whose chunks the page's build has as assets.
 */
export function offline(
  source: string,
  isStored: (fileName: string, modules: readonly string[]) => boolean,
): { readonly page: Plugin; readonly workers: Plugin } {
  const modules = new Map<string, readonly string[]>();
  const workers: Plugin = {
    name: "offline-modules",
    apply: "build",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk") modules.set(file.fileName, file.moduleIds);
      }
    },
  };
  const page: Plugin = {
    name: "offline",
    apply: "build",
    enforce: "post",
    async generateBundle(_, bundle) {
      const files = Object.values(bundle)
        .filter((file) => {
          const own = file.type === "chunk" ? file.moduleIds : modules.get(file.fileName);
          return isStored(file.fileName, own ?? []);
        })
        .map(({ fileName }) => (fileName === "index.html" ? "./" : fileName))
        .sort();
      const html = bundle["index.html"];
      const version = createHash("sha256")
        .update(files.join())
        .update(html?.type === "asset" ? html.source : "")
        .digest("hex");
      const { code } = await transformWithOxc(readFileSync(source, "utf8"), source);
      this.emitFile({
        type: "asset",
        fileName: "service-worker.js",
        source: `const FILES = ${JSON.stringify(files)};\nconst VERSION = ${JSON.stringify(version.slice(0, 16))};\n${code}`,
      });
    },
  };
  return { page, workers };
}
